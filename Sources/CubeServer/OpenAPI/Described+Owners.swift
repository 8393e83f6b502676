import CubeTypes

extension OwnerStatus: DescribedObject {
    static let summary = "An owner of workloads."
    static let properties: [Property<OwnerStatus>] = [
        Property("owner", \.owner),
        Property(
            "source", \.source, "The source that it is bound to; no other one gets its lease until it is claimed."),
        Property("lease", \.lease),
        Property("fence", \.fence, "The highest that was ever given."),
        Property("directives", \.directives, "By name."),
        Property("holds", \.holds, "What the lease's holder said last that its guards hold."),
        Property("revision", \.revision),
    ]
}

extension OwnerList: DescribedObject {
    static let summary = "All owners, by name."
    static let properties: [Property<OwnerList>] = [
        Property("revision", \.revision, "At which it is true."),
        Property("owners", \.owners),
    ]
}

extension Lease: DescribedObject {
    static let summary = "The right to write for an owner."
    static let properties: [Property<Lease>] = [
        Property("holder", \.holder, "Who holds it, for people."),
        Property("source", \.source),
        Property("fence", \.fence, "Grows with each new holder; carried by every write."),
        Property("expires_at", \.expiresAt),
    ]
}

extension LeaseRequest: DescribedObject {
    static let summary = "Takes, renews or gives back a lease."
    static let properties: [Property<LeaseRequest>] = [
        Property("id", \.id, "At most 64 bytes, its asker's: a lease taken under it is taken once."),
        Property("holder", \.holder, "Who asks for it, for people."),
        Property("source", \.source),
        Property("fence", \.fence, "That of the lease to renew; without it the lease is taken anew."),
        Property(
            "succeeds", \.succeeds,
            "The fence of the one whose place is taken and who is known to be gone: nobody waits for its end."),
        Property("holds", \.holds, "What the guards hold now.", isRequired: false),
        Property("release", \.release, "Gives the lease back instead.", isRequired: false),
    ]
}

extension Hold: DescribedObject {
    static let summary = "Changes that a guard holds back."
    static let properties: [Property<Hold>] = [
        Property("digest", \.digest, "What approves them."),
        Property("guard", \.guardName, "The guard, such as `guard_window`."),
        Property("changes", \.changes, "Sorted."),
    ]
}

extension HeldChange: DescribedObject {
    static let summary = "One change that a guard holds."
    static let properties: [Property<HeldChange>] = [
        Property("verb", \.verb, "`prune`, `replace` or `scale_down`."),
        Property("name", \.name),
        Property("ordinal", \.ordinal),
        Property("from", \.from),
        Property("to", \.to),
    ]
}

extension Directive: DescribedObject {
    static let summary = "What a person tells an owner to do, and the lease's holder acts on."
    static let properties: [Property<Directive>] = [
        Property("id", \.id, "At most 64 bytes, its giver's: what comes again under the same id changes nothing."),
        Property("verb", \.verb),
        Property("subject", \.subject, "A workload's name, a hold's digest or its beginning, a source id."),
        Property("reason", \.reason, "Why, in the words of who gave it."),
        Property("revision", \.revision, "The manager gives it.", isRequired: false),
        Property("at", \.at, "The manager gives it."),
        Property("expires_at", \.expiresAt, "When it stops counting; the manager gives it."),
        Property("approves", \.approves, "What an approval releases; the manager takes it from the hold."),
    ]
}
