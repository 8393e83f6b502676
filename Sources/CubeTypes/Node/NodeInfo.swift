/// A node, as the manager sees it.
///
/// - Since: 0.1
public struct NodeInfo: Codable, Hashable, Sendable, Identifiable {
    /// What calls know it by: its name.
    public var id: NodeName { name }
    /// The node's name.
    public var name: NodeName
    /// What may be expected of it.
    public var state: WorkerState
    /// Where the manager calls its worker: `http://HOST:PORT` or `unix:PATH`.
    public var url: String
    /// The version of Cube that its worker runs.
    public var version: String
    /// What it runs tasks with, such as `process`.
    public var runtimes: [String]
    /// What constraints of manifests choose nodes by.
    public var labels: [String: String]
    /// What its tasks may reserve in all.
    public var capacity: ResourceSpec
    /// What its tasks reserve, those that are stopping included.
    public var reserved: ResourceSpec
    /// How many tasks it holds that have not ended.
    public var tasks: Int
    /// When its worker answered last; `nil` where it has not since the manager began.
    public var lastSeenAt: Timestamp?
    /// Why the manager cannot work with its worker now, and what to do; `nil` where it can.
    public var message: String?
    /// The revision of its last change.
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case name, state, url, version, runtimes, labels, capacity, reserved, tasks, message, revision
        case lastSeenAt = "last_seen_at"
    }

    public init(
        name: NodeName, state: WorkerState, url: String, version: String, runtimes: [String], labels: [String: String],
        capacity: ResourceSpec, reserved: ResourceSpec, tasks: Int, lastSeenAt: Timestamp?, message: String? = nil,
        revision: Int
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
        self.message = message
        self.revision = revision
    }
}

/// All nodes, by name, at a revision.
///
/// - Since: 0.1
public struct NodeList: Codable, Hashable, Sendable {
    /// The revision at which this is true.
    public var revision: Int
    /// By name.
    public var nodes: [NodeInfo]

    public init(revision: Int, nodes: [NodeInfo]) {
        self.revision = revision
        self.nodes = nodes
    }
}
