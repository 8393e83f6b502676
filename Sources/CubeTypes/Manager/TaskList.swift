/// A page of tasks, sorted by owner, name, ordinal and attempt. All pages show the list at the revision of the first page.
///
/// - Since: 0.1
public struct TaskList: Codable, Hashable, Sendable {
    /// The id of the cluster.
    public var cluster: ClusterID
    /// The term of the manager's incarnation that assigned the revision; it only increases.
    public var term: Int
    /// The revision of the first page, which all pages show.
    public var revision: Int
    /// The tasks, sorted by owner, name, ordinal and attempt.
    public var tasks: [TaskStatus]
    /// The slot records of the requested owner, on the last page only; empty if the request names no owner.
    public var slots: [SlotStatus]
    /// The requested owner, on the last page only.
    public var owner: OwnerStatus?
    /// The cursor of the next page; `nil` on the last page.
    public var cursor: String?
    /// The secret of the cluster, in hexadecimal, that keys the digests shown to people; only for the role `write`. If it is
    /// missing, the digests in this list are keyed already and the values of `env` are hidden.
    public var digestKey: String?

    // No decoder skips an unreadable value: without the cursor, the remaining tasks would count as removed; without the owner, the
    // held changes would be lost; and without the key, the digests would be shown unkeyed, so that weak values could be guessed.
    package enum CodingKeys: String, CodingKey {
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

/// The changes of an owner since a revision.
///
/// - Since: 0.1
public struct TaskChanges: Codable, Hashable, Sendable {
    /// The term of the manager's incarnation that assigned the revision; it only increases.
    public var term: Int
    /// The revision to pass as `since` in the next request.
    public var revision: Int
    /// The new and changed tasks, sorted by owner, name, ordinal and attempt.
    public var changed: [TaskStatus]
    /// The ids of tasks that the manager no longer keeps.
    public var removed: [TaskID]
    /// The changed slot records, sorted by name and ordinal.
    public var slots: [SlotStatus]
    /// The owner, if its record changed, such as its directives or its lease.
    public var owner: OwnerStatus?

    // No decoder skips an unreadable value: without the owner, the held changes would be lost.
    package enum CodingKeys: String, CodingKey { case term, revision, changed, removed, slots, owner }

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

/// The record of a slot. It outlives the tasks of the slot.
///
/// - Since: 0.1
public struct SlotStatus: Codable, Hashable, Sendable {
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, from 0.
    public var ordinal: Int
    /// The number of attempts that were accepted, which is also the only attempt that the manager accepts next.
    public var next: Int
    /// The state in which the last task ended; `nil` if no task has ended.
    public var last: TaskState?
    /// The digest of the last task.
    public var lastDigest: Digest?
    /// The revision at which the last task ended; 0 if no task has ended.
    public var endedRevision: Int
    /// The digest of the last task that was ready for at least the required time.
    public var healthyDigest: Digest?
    /// The attempt of the last healthy task. The manager keeps that task with its definition, because a rollout may revert to it.
    public var healthyAttempt: Int?
    /// The digests that a rollout gave up; a task with another digest runs in this slot instead.
    public var rejected: [Digest]
    /// The revision at which a rollout last gave up a digest.
    public var rejectedRevision: Int?
    /// The digests of jobs that completed in this slot.
    public var completed: [Digest]
    /// The revision at which the owner's source last proved that it no longer declares the name. Tasks that ended before that are
    /// history, and may be tried again when the name returns.
    public var withdrawnRevision: Int?

    // No decoder skips an unreadable value: the outcome of the last task decides what may be scheduled in the slot.
    enum CodingKeys: String, CodingKey {
        case name, ordinal, next, last, rejected, completed
        case lastDigest = "last_digest"
        case endedRevision = "ended_revision"
        case healthyDigest = "healthy_digest"
        case healthyAttempt = "healthy_attempt"
        case rejectedRevision = "rejected_revision"
        case withdrawnRevision = "withdrawn_revision"
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
