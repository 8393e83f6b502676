import CubeErrors

/// A short form of the status of a task: a row of a table, or an entry of a status file.
///
/// - Since: 0.1
public struct TaskSummary: Codable, Hashable, Sendable, Identifiable {
    /// The id of the task.
    public var id: TaskID
    /// The owner of the task; omitted if the context names it.
    public var owner: OwnerName?
    /// The name of the workload; omitted if the context names it.
    public var name: WorkloadName?
    /// The number of the replica, 0 to 9,999.
    public var ordinal: Int
    /// The number of the task within its slot, from 0, assigned by the manager.
    public var attempt: Int
    /// The state of the task.
    public var state: TaskState
    /// Whether a run is alive and its checks pass.
    public var ready: Bool
    /// The current or last node of the task.
    public var node: NodeName?
    /// The number of restarts over all placements.
    public var restarts: Int
    /// The result of the last run; `nil` if no run has ended.
    public var exit: TaskResult?
    /// The digest of the definition's fields whose change replaces the task.
    public var specDigest: Digest?
    /// The time at which the task was accepted.
    public var createdAt: Timestamp?
    /// The addresses of the task's ports, while it has a node.
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

    /// Creates the summary of a task that is shown below its workload, without owner and name.
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

extension TaskSummary {
    /// Endpoints that an older program omits are empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        owner = try container.readIfPresent(OwnerName.self, forKey: .owner)
        name = try container.readIfPresent(WorkloadName.self, forKey: .name)
        ordinal = try container.decode(Int.self, forKey: .ordinal)
        attempt = try container.decode(Int.self, forKey: .attempt)
        state = try container.decode(TaskState.self, forKey: .state)
        ready = try container.decode(Bool.self, forKey: .ready)
        node = try container.readIfPresent(NodeName.self, forKey: .node)
        restarts = try container.decode(Int.self, forKey: .restarts)
        exit = try container.readIfPresent(TaskResult.self, forKey: .exit)
        specDigest = try container.readIfPresent(Digest.self, forKey: .specDigest)
        createdAt = try container.readIfPresent(Timestamp.self, forKey: .createdAt)
        endpoints = try container.readElementsIfPresent([TaskEndpoint].self, forKey: .endpoints) ?? []
    }
}
