import CubeCore
import CubeTypes

extension OwnerStatus: DescribedObject {
    static let summary = "An owner of workloads."
    static let properties: [Property<OwnerStatus>] = [
        Property("owner", \.owner),
        Property(
            "source", \.source, "The source to which it is bound. Another source gets its lease only after a claim."),
        Property("lease", \.lease),
        Property("fence", \.fence, "Highest fence ever issued."),
        Property("directives", \.directives, "Directives, by name."),
        Property("holds", \.holds, "Changes that guards hold, as last reported by the lease holder."),
        Property("revision", \.revision),
    ]
}

extension OwnerList: DescribedObject {
    static let summary = "All owners, by name."
    static let properties: [Property<OwnerList>] = [
        Property("revision", \.revision, "Revision of this list."),
        Property("owners", \.owners),
    ]
}

extension Lease: DescribedObject {
    static let summary = "The exclusive right to write for an owner."
    static let properties: [Property<Lease>] = [
        Property("holder", \.holder, "Description of the holder, for people."),
        Property("source", \.source),
        Property("fence", \.fence, "Increases with each new holder. Every write carries it."),
        Property("expires_at", \.expiresAt),
    ]
}

extension LeaseRequest: DescribedObject {
    static let summary = "A request to take, renew or release a lease."
    static let properties: [Property<LeaseRequest>] = [
        Property(
            "id", \.id,
            "An id chosen by the caller. Repeating a request with the same id has no further effect.",
            .characters(TextBounds.requestID)),
        Property("holder", \.holder, "Description of the caller, for people.", .characters(TextBounds.remark)),
        Property("source", \.source),
        Property("fence", \.fence, "Fence of the lease to renew. Without it, the request takes a new lease."),
        Property(
            "succeeds", \.succeeds,
            "Fence of a previous holder that is known to have ended. Its lease is replaced before it expires."),
        Property(
            "holds", \.holds, "Changes that guards hold at present.", isRequired: false,
            .elements(TextBounds.holds)),
        Property("release", \.release, "Whether to release the lease instead.", isRequired: false),
    ]
}

extension Hold: DescribedObject {
    static let summary = "Changes that a guard holds."
    static let properties: [Property<Hold>] = [
        Property("digest", \.digest, "Digest of the changes, which an approval names."),
        Property("guard", \.guardName, "Name of the guard, such as `guard_window`."),
        Property("changes", \.changes, "The changes, sorted."),
    ]
}

extension HeldChange: DescribedObject {
    static let summary = "A change that a guard holds."
    static let properties: [Property<HeldChange>] = [
        Property("verb", \.verb, "`prune`, `replace` or `scale_down`."),
        Property("name", \.name),
        Property("ordinal", \.ordinal),
        Property("from", \.from),
        Property("to", \.to),
    ]
}

extension Directive: DescribedObject {
    static let summary = "An instruction to an owner, on which the lease holder acts."
    static let properties: [Property<Directive>] = [
        Property(
            "id", \.id,
            "An id chosen by the caller. Repeating a directive with the same id has no further effect.",
            .characters(TextBounds.requestID)),
        Property("verb", \.verb),
        Property(
            "subject", \.subject, "Name of a workload, digest of a hold or a prefix of it, or source id.",
            .characters(TextBounds.remark)),
        Property("reason", \.reason, "Reason, as given by the user.", .characters(TextBounds.remark)),
        Property("revision", \.revision, "Revision of the directive, set by the manager.", isRequired: false),
        Property("at", \.at, "Time of the directive, set by the manager."),
        Property("expires_at", \.expiresAt, "Time at which the directive expires, set by the manager."),
        Property("approves", \.approves, "The hold that an approval releases, set by the manager."),
    ]
}
