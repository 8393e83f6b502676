/// How a worker is: the answer of `GET /status`.
///
/// - Since: 0.1
public struct WorkerStatus: Codable, Hashable, Sendable {
    /// What the node is called.
    public var name: NodeName
    /// What may be expected of it.
    public var state: WorkerState
    /// The cluster that it belongs to, once it has joined one.
    public var cluster: ClusterID?
    /// The highest term that it accepted.
    public var term: Int
    /// How many tasks it has, by state.
    public var tasks: [String: Int]
    /// When the worker started.
    public var startedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case name, state, cluster, term, tasks
        case startedAt = "started_at"
    }

    public init(
        name: NodeName, state: WorkerState, cluster: ClusterID?, term: Int, tasks: [String: Int], startedAt: Timestamp
    ) {
        self.name = name
        self.state = state
        self.cluster = cluster
        self.term = term
        self.tasks = tasks
        self.startedAt = startedAt
    }
}
