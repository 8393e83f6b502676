/// A node, as the manager sees it.
public struct NodeInfo: Codable, Hashable, Sendable {
    public var name: NodeName
    public var state: WorkerState
    public var url: String
    public var version: String
    public var runtimes: [String]
    public var labels: [String: String]
    public var capacity: ResourceSpec
    /// What its tasks reserve, those that are stopping included.
    public var reserved: ResourceSpec
    /// How many tasks it holds that have not ended.
    public var tasks: Int
    public var lastSeenAt: Timestamp?
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case name, state, url, version, runtimes, labels, capacity, reserved, tasks, revision
        case lastSeenAt = "last_seen_at"
    }

    public init(
        name: NodeName, state: WorkerState, url: String, version: String, runtimes: [String], labels: [String: String],
        capacity: ResourceSpec, reserved: ResourceSpec, tasks: Int, lastSeenAt: Timestamp?, revision: Int
    ) {
        self.name = name
        self.state = state
        self.url = url
        self.version = version
        self.runtimes = runtimes
        self.labels = labels
        self.capacity = capacity
        self.reserved = reserved
        self.tasks = tasks
        self.lastSeenAt = lastSeenAt
        self.revision = revision
    }
}

/// All nodes, by name, at a revision.
public struct NodeList: Codable, Hashable, Sendable {
    public var revision: Int
    public var nodes: [NodeInfo]

    public init(revision: Int, nodes: [NodeInfo]) {
        self.revision = revision
        self.nodes = nodes
    }
}
