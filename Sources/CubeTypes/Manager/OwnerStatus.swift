import CubeErrors

/// The record of an owner at the manager.
///
/// - Since: 0.1
public struct OwnerStatus: Codable, Hashable, Sendable {
    /// The name of the owner.
    public var owner: OwnerName
    /// The source that the owner is bound to. The manager gives the lease to no other source until the owner is claimed.
    public var source: SourceID?
    /// The current lease; `nil` if nobody holds it.
    public var lease: Lease?
    /// The highest fence that was ever issued.
    public var fence: Int
    /// The directives, sorted by name.
    public var directives: [Directive]
    /// The changes that guards hold, as the holder of the lease last reported them.
    public var holds: [Hold]
    /// How many names may be pruned without an approval.
    public var limits: GuardLimits
    /// The names that were pruned within the window of ``limits``, sorted by name.
    public var pruned: [PrunedName]
    /// If not `nil`, ``pruned`` contains only the names whose entries changed after this revision, and no name was removed since. Only
    /// an owner in ``TaskChanges`` has it.
    public var prunedSince: Int?
    /// The directory from which the manifests were read when the source last saw all names.
    public var root: SourceRoot?
    /// The revision at which the owner was bound to its source. Earlier declarations belong to another source.
    public var claimedRevision: Int
    /// The revision of the last change of this record.
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case owner, source, lease, fence, directives, holds, limits, pruned, root, revision
        case prunedSince = "pruned_since"
        case claimedRevision = "claimed_revision"
    }

    public init(
        owner: OwnerName, source: SourceID? = nil, lease: Lease? = nil, fence: Int = 0, directives: [Directive] = [],
        holds: [Hold] = [], limits: GuardLimits = GuardLimits(), pruned: [PrunedName] = [], root: SourceRoot? = nil,
        claimedRevision: Int = 0, revision: Int
    ) {
        self.owner = owner
        self.source = source
        self.lease = lease
        self.fence = fence
        self.directives = directives
        self.holds = holds
        self.limits = limits
        self.pruned = pruned
        self.root = root
        self.claimedRevision = claimedRevision
        self.revision = revision
    }
}

extension OwnerStatus {
    /// The root and `pruned_since` are never skipped: prunes are held if the manifests come from another directory than before, and a
    /// part of the pruned names must not be taken for all of them.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        owner = try container.decode(OwnerName.self, forKey: .owner)
        source = try container.readIfPresent(SourceID.self, forKey: .source)
        lease = try container.readIfPresent(Lease.self, forKey: .lease)
        fence = try container.decode(Int.self, forKey: .fence)
        directives = try container.decode([Directive].self, forKey: .directives)
        holds = try container.decode([Hold].self, forKey: .holds)
        limits = try container.decode(GuardLimits.self, forKey: .limits)
        pruned = try container.decode([PrunedName].self, forKey: .pruned)
        prunedSince = try container.decodeIfPresent(Int.self, forKey: .prunedSince)
        root = try container.decodeIfPresent(SourceRoot.self, forKey: .root)
        claimedRevision = try container.decode(Int.self, forKey: .claimedRevision)
        revision = try container.decode(Int.self, forKey: .revision)
    }
}

/// All owners at a revision.
///
/// - Since: 0.1
public struct OwnerList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The owners, sorted by name.
    public var owners: [OwnerStatus]

    public init(revision: Int, owners: [OwnerStatus]) {
        self.revision = revision
        self.owners = owners
    }
}

/// The lease of an owner: the exclusive right to write for the owner.
///
/// - Since: 0.1
public struct Lease: Codable, Hashable, Sendable {
    /// The holder, as text for people: host, process and directory.
    public var holder: String
    /// The source that holds the lease.
    public var source: SourceID
    /// The fencing token. It increases with each new holder, and every write carries it.
    public var fence: Int
    /// The time at which the lease ends unless it is renewed: ``length`` after the last renewal.
    public var expiresAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case holder, source, fence
        case expiresAt = "expires_at"
    }

    public init(holder: String, source: SourceID, fence: Int, expiresAt: Timestamp) {
        self.holder = holder
        self.source = source
        self.fence = fence
        self.expiresAt = expiresAt
    }

    /// The duration of a lease: 15 s.
    public static let length: Duration = .seconds(15)
    /// The interval at which the holder renews the lease: 5 s.
    public static let renewal: Duration = .seconds(5)
}

/// The body of `PUT /owners/{owner}/lease`, which takes, renews or returns the lease.
///
/// - Since: 0.1
public struct LeaseRequest: Codable, Hashable, Sendable {
    /// An idempotency key of at most 64 bytes: a request with the id under which the lease was taken succeeds again, as its sender
    /// already holds the lease. `ManagerClient` generates an id if there is none.
    public var id: String?
    /// The holder, as text for people: host, process and directory.
    public var holder: String
    /// The source that the owner is bound to, or will be bound to.
    public var source: SourceID
    /// The fence of the lease to renew; `nil` requests a new lease, if no other process of the source holds it.
    public var fence: Int?
    /// The fence of a previous holder that is known to be gone and that this holder replaces. The manager then grants the lease
    /// without waiting for the previous lease to end.
    public var succeeds: Int?
    /// The changes that guards currently hold.
    public var holds: [Hold]
    /// How many names may be pruned without an approval from now on; `nil` leaves the owner's limits as they are.
    public var limits: GuardLimits?
    /// Whether to return the lease instead of taking or renewing it.
    public var release: Bool

    public init(
        holder: String, source: SourceID, fence: Int? = nil, succeeds: Int? = nil, holds: [Hold] = [],
        limits: GuardLimits? = nil, release: Bool = false, id: String? = nil
    ) {
        self.id = id
        self.holder = holder
        self.source = source
        self.fence = fence
        self.succeeds = succeeds
        self.holds = holds
        self.limits = limits
        self.release = release
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            holder: try container.decode(String.self, forKey: .holder),
            source: try container.decode(SourceID.self, forKey: .source),
            fence: try container.decodeIfPresent(Int.self, forKey: .fence),
            succeeds: try container.decodeIfPresent(Int.self, forKey: .succeeds),
            holds: try container.decodeIfPresent([Hold].self, forKey: .holds) ?? [],
            limits: try container.decodeIfPresent(GuardLimits.self, forKey: .limits),
            release: try container.decodeIfPresent(Bool.self, forKey: .release) ?? false,
            id: try container.decodeIfPresent(String.self, forKey: .id))
    }
}

/// The changes that a guard holds, and the digest with which they can be approved.
///
/// - Since: 0.1
public struct Hold: Codable, Hashable, Sendable {
    /// The digest of the guard, the owner and the sorted changes.
    public var digest: Digest
    /// The name of the guard, as a stable word such as `guard_window`.
    public var guardName: String
    /// The held changes, sorted.
    public var changes: [HeldChange]
    /// The number of held changes, if ``changes`` contains only the first of them; otherwise `nil`. Such a hold cannot be approved.
    public var count: Int?

    /// The maximum number of changes in all holds of a lease request together.
    public static let maximumChanges = 20_000

    enum CodingKeys: String, CodingKey {
        case digest, changes, count
        case guardName = "guard"
    }

    public init(digest: Digest, guardName: String, changes: [HeldChange], count: Int? = nil) {
        self.digest = digest
        self.guardName = guardName
        self.changes = changes
        self.count = count
    }
}

/// A change that a guard holds. It contains no ids, nodes, states or times, so that the digest of a hold is stable.
///
/// - Since: 0.1
public struct HeldChange: Codable, Hashable, Sendable, Comparable {
    /// `prune`, `replace` or `scale_down`.
    public var verb: String
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, from 0.
    public var ordinal: Int
    /// The spec digest of the live task; `nil` if no task is live.
    public var from: Digest?
    /// The spec digest of the task after the change; `nil` if there is none.
    public var to: Digest?

    // No decoder skips an unreadable value: a person approves exactly the changes that are shown.
    enum CodingKeys: String, CodingKey { case verb, name, ordinal, from, to }

    public init(verb: String, name: WorkloadName, ordinal: Int, from: Digest?, to: Digest?) {
        self.verb = verb
        self.name = name
        self.ordinal = ordinal
        self.from = from
        self.to = to
    }

    public static func < (left: HeldChange, right: HeldChange) -> Bool {
        (left.name, left.ordinal, left.verb, left.from?.rawValue ?? "", left.to?.rawValue ?? "")
            < (right.name, right.ordinal, right.verb, right.from?.rawValue ?? "", right.to?.rawValue ?? "")
    }
}
