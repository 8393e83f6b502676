/// One placement of a task, as its worker reports it. `(placement, run, state)` only grows.
public struct WorkerTask: Codable, Hashable, Sendable, Identifiable {
    public var id: TaskID
    public var placement: Int
    /// The number of the present run, or of the next one while it waits for it; from 1. A stop before any start leaves 0.
    public var run: Int
    /// `scheduled`, `running`, `stopping`, `completed`, `failed` or `stopped`.
    public var state: TaskState
    public var ready: Bool
    public var reason: TaskReason?
    public var message: String?
    public var restarts: Int
    public var notBefore: Timestamp?
    public var exit: TaskResult?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var settingsDigest: Digest
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
