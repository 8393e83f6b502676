/// How a worker is: the answer of `GET /status`.
///
/// - Since: 0.1
public struct WorkerStatus: Codable, Hashable, Sendable, Identifiable {
    /// What calls know the worker by, such as `GET /workers/{id}` of its manager: its name.
    public var id: NodeName
    /// What the node is called.
    public var name: NodeName
    /// What may be expected of it.
    public var state: WorkerState
    /// The cluster that it belongs to, once it has joined or founded one.
    public var cluster: ClusterID?
    /// The highest term that it accepted.
    public var term: Int
    /// Figures of its machine and of the tasks that run; `nil` where they cannot be read.
    public var metrics: WorkerMetrics?
    /// All tasks that it has records of, by id.
    public var tasks: [TaskSummary]
    /// When the worker started.
    public var startedAt: Timestamp
    /// When this was true: the time of the answer.
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
