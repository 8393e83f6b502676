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
        Property("limits", \.limits),
        Property("pruned", \.pruned, "The names that were pruned within the window of the limits, by name."),
        Property(
            "pruned_since", \.prunedSince,
            "If present, `pruned` contains only the names that changed after this revision, and none was removed since. Only the owner in `TaskChanges` has this property."
        ),
        Property("root", \.root),
        Property(
            "claimed_revision", \.claimedRevision,
            "When it was bound to its source: what was declared before that is another source's."),
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
            "holds", \.holds,
            "Changes that guards hold at present. All holds together contain at most \(Hold.maximumChanges) changes.",
            isRequired: false, .elements(TextBounds.holds)),
        Property("limits", \.limits, "New limits of the guards. Without them, the owner's limits stay."),
        Property("release", \.release, "Whether to release the lease instead.", isRequired: false),
    ]
}

extension GuardLimits: DescribedObject {
    static let summary = "How many names of an owner may be pruned within a window of time without an approval."
    static let properties: [Property<GuardLimits>] = [
        Property("count", \.count, "This many names in any case.", Schema.integer(GuardLimits.counts).keywords),
        Property(
            "percent", \.percent, "This many of each hundred names of the owner, if that is more.",
            Schema.integer(GuardLimits.percents).keywords),
        Property("window", \.window, "How long a pruned name counts: from 1s to 168h."),
    ]
}

extension PrunedName: DescribedObject {
    static let summary = "A name that was pruned within the window of the limits."
    static let properties: [Property<PrunedName>] = [
        Property("name", \.name),
        Property("at", \.at, "When a task of it was last stopped, by the manager's wall clock."),
        Property("approved", \.approved, "Whether a person approved it; it does not count then."),
        Property("returned", \.returned, "Whether the name is declared again; its prune still counts."),
    ]
}

extension SourceRoot: DescribedObject {
    static let summary = "The directory that a source's manifests are read from."
    static let properties: [Property<SourceRoot>] = [
        Property("directory", \.directory, "Which directory it is, whatever its path."),
        Property(
            "mounts", \.mounts,
            "The directories below it that lie on mounts of their own; absent when they are not known, or too many."),
    ]
}

extension Hold: DescribedObject {
    static let summary = "Changes that a guard holds."
    static let properties: [Property<Hold>] = [
        Property("digest", \.digest, "Digest of the changes, which an approval names."),
        Property("guard", \.guardName, "Name of the guard, such as `guard_window`."),
        Property("changes", \.changes, "The changes, sorted.", .elements(Hold.maximumChanges)),
        Property(
            "count", \.count,
            "Number of the changes, if `changes` contains only the first of them. Such a hold cannot be approved."),
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
        Property(
            "expires_at", \.expiresAt,
            "Time at which the directive expires, at most \(Directive.longestLifetime.text) from now. The manager sets it for "
                + "an approval."),
        Property("approves", \.approves, "The hold that an approval releases, set by the manager."),
    ]
}
