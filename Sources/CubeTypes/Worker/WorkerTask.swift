/// One placement of a task, as its worker reports it. `(placement, run, state)` only grows.
///
/// - Since: 0.1
public struct WorkerTask: Codable, Hashable, Sendable, Identifiable {
    /// The task's id.
    public var id: TaskID
    /// Which placement of the task this is: from 1.
    public var placement: Int
    /// The number of the present run, or of the next one while it waits for it; from 1. A stop before any start leaves 0.
    public var run: Int
    /// `scheduled`, `running`, `stopping`, `completed`, `failed` or `stopped`.
    public var state: TaskState
    /// Whether a run is alive and its checks pass.
    public var ready: Bool
    /// Why it is in its state, as a stable word.
    public var reason: TaskReason?
    /// The same for a person.
    public var message: String?
    /// Restarts of this placement and of those before it.
    public var restarts: Int
    /// The next start, while it waits between two runs.
    public var notBefore: Timestamp?
    /// How the last run ended; `nil` before the first end.
    public var exit: TaskResult?
    /// When the present run, or the last one, began; `nil` before the first.
    public var startedAt: Timestamp?
    /// When it ended for good; `nil` while it has not.
    public var endedAt: Timestamp?
    /// The digest of the settings that count now.
    public var settingsDigest: Digest
    /// The limits that this node cannot hold, such as `memory`; `settings` where a newer manager sent some that its worker does not
    /// know.
    public var notEnforced: [String]

    enum CodingKeys: String, CodingKey {
        case id, placement, run, state, ready, reason, message, restarts, exit
        case notBefore = "not_before"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case settingsDigest = "settings_digest"
        case notEnforced = "not_enforced"
    }

    public init(
        id: TaskID, placement: Int, run: Int, state: TaskState, ready: Bool = false, reason: TaskReason? = nil,
        message: String? = nil, restarts: Int = 0, notBefore: Timestamp? = nil, exit: TaskResult? = nil,
        startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, settingsDigest: Digest, notEnforced: [String] = []
    ) {
        self.id = id
        self.placement = placement
        self.run = run
        self.state = state
        self.ready = ready
        self.reason = reason
        self.message = message
        self.restarts = restarts
        self.notBefore = notBefore
        self.exit = exit
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.settingsDigest = settingsDigest
        self.notEnforced = notEnforced
    }
}

/// The answer of a worker's `GET /tasks`: what changed since a sequence number, or everything.
///
/// - Since: 0.1
public struct WorkerTaskList: Codable, Hashable, Sendable {
    /// Whether this is everything, not only what changed.
    public var complete: Bool
    /// The worker's incarnation, which gives the sequence numbers their meaning.
    public var incarnation: String
    /// What to ask `since` next; asking so says that all before it is safely stored.
    public var sequence: Int
    /// By id.
    public var tasks: [WorkerTask]
    /// Tasks that the worker forgot.
    public var removed: [TaskID]

    public init(complete: Bool, incarnation: String, sequence: Int, tasks: [WorkerTask], removed: [TaskID] = []) {
        self.complete = complete
        self.incarnation = incarnation
        self.sequence = sequence
        self.tasks = tasks
        self.removed = removed
    }
}
