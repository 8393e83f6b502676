/// One page of tasks, by owner, name, ordinal and attempt. All pages are true at the revision of the first.
///
/// - Since: 0.1
public struct TaskList: Codable, Hashable, Sendable {
    /// The cluster's id.
    public var cluster: ClusterID
    /// The manager's incarnation, which gives revisions their meaning; it only grows.
    public var term: Int
    /// The revision of the first page, at which all of them are true.
    public var revision: Int
    /// By owner, name, ordinal and attempt.
    public var tasks: [TaskStatus]
    /// The slot records of the owner that was asked for, with the last page; empty where no owner was named.
    public var slots: [SlotStatus]
    /// The owner that was asked for, with the last page.
    public var owner: OwnerStatus?
    /// What to ask for next; `nil` on the last page.
    public var cursor: String?
    /// The cluster's secret, in hexadecimal, under which people are shown digests; for the role `write` alone. Where it is
    /// missing, the digests here are under it already, and values of `env` are hidden.
    public var digestKey: String?

    enum CodingKeys: String, CodingKey {
        case cluster, term, revision, tasks, slots, owner, cursor
        case digestKey = "digest_key"
    }

    public init(
        cluster: ClusterID, term: Int, revision: Int, tasks: [TaskStatus], slots: [SlotStatus] = [],
        owner: OwnerStatus? = nil,
        cursor: String? = nil, digestKey: String? = nil
    ) {
        self.cluster = cluster
        self.term = term
        self.revision = revision
        self.tasks = tasks
        self.slots = slots
        self.owner = owner
        self.cursor = cursor
        self.digestKey = digestKey
    }
}

/// What changed of an owner since a revision.
///
/// - Since: 0.1
public struct TaskChanges: Codable, Hashable, Sendable {
    /// The manager's incarnation, which gives revisions their meaning; it only grows.
    public var term: Int
    /// What to ask `since` next.
    public var revision: Int
    /// By owner, name, ordinal and attempt.
    public var changed: [TaskStatus]
    /// Tasks that the manager does not keep any more.
    public var removed: [TaskID]
    /// By name and ordinal.
    public var slots: [SlotStatus]
    /// The owner, if it changed: its directives, its lease.
    public var owner: OwnerStatus?

    enum CodingKeys: String, CodingKey { case term, revision, changed, removed, slots, owner }

    public init(
        term: Int, revision: Int, changed: [TaskStatus] = [], removed: [TaskID] = [], slots: [SlotStatus] = [],
        owner: OwnerStatus? = nil
    ) {
        self.term = term
        self.revision = revision
        self.changed = changed
        self.removed = removed
        self.slots = slots
        self.owner = owner
    }
}

/// The record of a slot, which outlives its tasks.
///
/// - Since: 0.1
public struct SlotStatus: Codable, Hashable, Sendable {
    /// The workload's name.
    public var name: WorkloadName
    /// Which replica: from 0.
    public var ordinal: Int
    /// The only attempt that is accepted next: how many were accepted.
    public var next: Int
    /// How the last task ended, once it has.
    public var last: TaskState?
    /// The digest of the last task.
    public var lastDigest: Digest?
    /// The revision at which the last task ended; 0 before the first time.
    public var endedRevision: Int
    /// The digest of the last task that was ready for long enough.
    public var healthyDigest: Digest?
    /// The attempt of that task, which is kept with its definition for as long: a rollout may have to go back to it.
    public var healthyAttempt: Int?
    /// The digest that a rollout gave up, in whose place another one is here.
    public var rejected: [Digest]
    /// The revision at which that was said last.
    public var rejectedRevision: Int?
    /// Digests of jobs that completed here.
    public var completed: [Digest]

    enum CodingKeys: String, CodingKey {
        case name, ordinal, next, last, rejected, completed
        case lastDigest = "last_digest"
        case endedRevision = "ended_revision"
        case healthyDigest = "healthy_digest"
        case healthyAttempt = "healthy_attempt"
        case rejectedRevision = "rejected_revision"
    }

    public init(
        name: WorkloadName, ordinal: Int, next: Int = 0, last: TaskState? = nil, lastDigest: Digest? = nil,
        endedRevision: Int = 0, healthyDigest: Digest? = nil, rejected: [Digest] = [], completed: [Digest] = []
    ) {
        self.name = name
        self.ordinal = ordinal
        self.next = next
        self.last = last
        self.lastDigest = lastDigest
        self.endedRevision = endedRevision
        self.healthyDigest = healthyDigest
        self.rejected = rejected
        self.completed = completed
    }
}
