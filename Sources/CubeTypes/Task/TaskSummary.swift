/// A task in few words: a row of a table, or of a status file.
///
/// - Since: 0.1
public struct TaskSummary: Codable, Hashable, Sendable, Identifiable {
    /// The task's id.
    public var id: TaskID
    /// Whose task it is; left out where that is said already.
    public var owner: OwnerName?
    /// The workload's name; left out where that is said already.
    public var name: WorkloadName?
    /// Which replica: from 0 to 9,999.
    public var ordinal: Int
    /// Which task of its slot: from 0, counted by the manager.
    public var attempt: Int
    /// What it is doing.
    public var state: TaskState
    /// Whether a run is alive and its checks pass.
    public var ready: Bool
    /// The node that has it, or had it last.
    public var node: NodeName?
    /// How often it was started again, over all placements.
    public var restarts: Int
    /// How its last run ended; `nil` before the first end.
    public var exit: TaskResult?
    /// Over the fields of the definition whose change replaces the task.
    public var specDigest: Digest?
    /// When it was accepted.
    public var createdAt: Timestamp?
    /// Where its ports are reached, while it has a node.
    public var endpoints: [TaskEndpoint]

    enum CodingKeys: String, CodingKey {
        case id, owner, name, ordinal, attempt, state, ready, node, restarts, exit, endpoints
        case specDigest = "spec_digest"
        case createdAt = "created_at"
    }

    public init(
        id: TaskID, owner: OwnerName? = nil, name: WorkloadName? = nil, ordinal: Int, attempt: Int, state: TaskState,
        ready: Bool = false, node: NodeName? = nil, restarts: Int = 0, exit: TaskResult? = nil,
        specDigest: Digest? = nil, createdAt: Timestamp? = nil, endpoints: [TaskEndpoint] = []
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
        self.attempt = attempt
        self.state = state
        self.ready = ready
        self.node = node
        self.restarts = restarts
        self.exit = exit
        self.specDigest = specDigest
        self.createdAt = createdAt
        self.endpoints = endpoints
    }

    /// The row of a task below its workload.
    public init(_ task: TaskStatus) {
        id = task.id
        ordinal = task.ordinal
        attempt = task.attempt
        state = task.state
        ready = task.ready
        node = task.node
        restarts = task.restarts
        exit = task.exit
        specDigest = task.specDigest
        createdAt = task.createdAt
        endpoints = task.endpoints
    }
}
