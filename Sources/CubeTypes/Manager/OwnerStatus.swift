/// An owner, as the manager keeps it.
///
/// - Since: 0.1
public struct OwnerStatus: Codable, Hashable, Sendable {
    /// The owner's name.
    public var owner: OwnerName
    /// The source that it is bound to; no other one gets its lease until it is claimed.
    public var source: SourceID?
    /// The lease, while somebody holds it.
    public var lease: Lease?
    /// The highest fence that was ever given.
    public var fence: Int
    /// By name.
    public var directives: [Directive]
    /// What the lease's holder said last that its guards hold.
    public var holds: [Hold]
    /// The revision of its last change.
    public var revision: Int

    public init(
        owner: OwnerName, source: SourceID? = nil, lease: Lease? = nil, fence: Int = 0, directives: [Directive] = [],
        holds: [Hold] = [], revision: Int
    ) {
        self.owner = owner
        self.source = source
        self.lease = lease
        self.fence = fence
        self.directives = directives
        self.holds = holds
        self.revision = revision
    }
}

/// All owners, by name, at a revision.
///
/// - Since: 0.1
public struct OwnerList: Codable, Hashable, Sendable {
    /// The revision at which this is true.
    public var revision: Int
    /// By name.
    public var owners: [OwnerStatus]

    public init(revision: Int, owners: [OwnerStatus]) {
        self.revision = revision
        self.owners = owners
    }
}

/// The right to write for an owner.
///
/// - Since: 0.1
public struct Lease: Codable, Hashable, Sendable {
    /// Who holds it, for people: host, process and directory.
    public var holder: String
    /// The source whose lease it is.
    public var source: SourceID
    /// Grows with each new holder; carried by every write.
    public var fence: Int
    /// When it ends unless it is renewed: ``length`` after the last renewal.
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

    /// How long a lease lasts, and how often its holder renews it.
    public static let length: Duration = .seconds(15)
    /// How often its holder renews it: every 5 s.
    public static let renewal: Duration = .seconds(5)
}

/// `PUT /owners/{owner}/lease`: takes or renews it.
///
/// - Since: 0.1
public struct LeaseRequest: Codable, Hashable, Sendable {
    /// What its asker calls this one, at most 64 bytes: who takes a lease again under the id that it was taken under has it
    /// already. `ManagerClient` gives one where there is none.
    public var id: String?
    /// Who asks, for people: host, process and directory.
    public var holder: String
    /// The source that the owner is, or will be, bound to.
    public var source: SourceID
    /// The fence to renew; `nil` takes the lease anew, where nobody else of the source has it.
    public var fence: Int?
    /// The fence that the one before had whose place this one takes, and who is known to be gone: nobody waits for its end.
    public var succeeds: Int?
    /// What the guards hold now.
    public var holds: [Hold]
    /// Gives the lease back instead.
    public var release: Bool

    public init(
        holder: String, source: SourceID, fence: Int? = nil, succeeds: Int? = nil, holds: [Hold] = [],
        release: Bool = false, id: String? = nil
    ) {
        self.id = id
        self.holder = holder
        self.source = source
        self.fence = fence
        self.succeeds = succeeds
        self.holds = holds
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
            release: try container.decodeIfPresent(Bool.self, forKey: .release) ?? false,
            id: try container.decodeIfPresent(String.self, forKey: .id))
    }
}

/// Changes that a guard holds back, and the digest that approves them.
///
/// - Since: 0.1
public struct Hold: Codable, Hashable, Sendable {
    /// Over guard, owner and the sorted changes.
    public var digest: Digest
    /// The guard, as a stable word, such as `guard_window`.
    public var guardName: String
    /// Sorted.
    public var changes: [HeldChange]

    enum CodingKeys: String, CodingKey {
        case digest, changes
        case guardName = "guard"
    }

    public init(digest: Digest, guardName: String, changes: [HeldChange]) {
        self.digest = digest
        self.guardName = guardName
        self.changes = changes
    }
}

/// One change that a guard holds: without ids, nodes, states or times.
///
/// - Since: 0.1
public struct HeldChange: Codable, Hashable, Sendable, Comparable {
    /// `prune`, `replace`, `scale_down`.
    public var verb: String
    /// The workload that it is about.
    public var name: WorkloadName
    /// Which replica: from 0.
    public var ordinal: Int
    /// The spec digest of what lives; `nil` where nothing does.
    public var from: Digest?
    /// The spec digest of what would live then; `nil` where nothing would.
    public var to: Digest?

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
