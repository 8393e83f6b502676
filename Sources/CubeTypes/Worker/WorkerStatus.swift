import CubeErrors

/// The status of a worker: the response to `GET /status`.
///
/// - Since: 0.1
public struct WorkerStatus: Codable, Hashable, Sendable, Identifiable {
    /// The id of the worker in API calls, such as `GET /workers/{id}` of its manager: its name.
    public var id: NodeName
    /// The name of the node.
    public var name: NodeName
    /// The state of the worker.
    public var state: WorkerState
    /// The cluster that the worker belongs to; `nil` until it joins or founds one.
    public var cluster: ClusterID?
    /// The highest term that the worker has accepted.
    public var term: Int
    /// The metrics of the machine and of the running tasks; `nil` if they cannot be read.
    public var metrics: WorkerMetrics?
    /// All tasks that the worker has records of, sorted by id.
    public var tasks: [TaskSummary]
    /// The time at which the worker started.
    public var startedAt: Timestamp
    /// The time of this response.
    public var lastSeenAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, name, state, cluster, term, metrics, tasks
        case startedAt = "started_at"
        case lastSeenAt = "last_seen_at"
    }

    public init(
        name: NodeName, state: WorkerState, cluster: ClusterID?, term: Int, metrics: WorkerMetrics? = nil,
        tasks: [TaskSummary], startedAt: Timestamp, lastSeenAt: Timestamp
    ) {
        id = name
        self.name = name
        self.state = state
        self.cluster = cluster
        self.term = term
        self.metrics = metrics
        self.tasks = tasks
        self.startedAt = startedAt
        self.lastSeenAt = lastSeenAt
    }
}

extension WorkerStatus {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(NodeName.self, forKey: .id)
        name = try container.decode(NodeName.self, forKey: .name)
        state = try container.decode(WorkerState.self, forKey: .state)
        cluster = try container.readIfPresent(ClusterID.self, forKey: .cluster)
        term = try container.decode(Int.self, forKey: .term)
        metrics = try container.readIfPresent(WorkerMetrics.self, forKey: .metrics)
        tasks = try container.decode([TaskSummary].self, forKey: .tasks)
        startedAt = try container.decode(Timestamp.self, forKey: .startedAt)
        lastSeenAt = try container.decode(Timestamp.self, forKey: .lastSeenAt)
    }
}
