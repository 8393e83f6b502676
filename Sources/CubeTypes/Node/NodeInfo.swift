import CubeErrors

/// The status of a node, as the manager sees it.
///
/// - Since: 0.1
public struct NodeInfo: Codable, Hashable, Sendable, Identifiable {
    /// The id of the node in API calls, which is its name.
    public var id: NodeName { name }
    /// The name of the node.
    public var name: NodeName
    /// The state of the node's worker.
    public var state: WorkerState
    /// Whether the node receives no new tasks on request, whatever its state. A node that is being drained is cordoned too.
    public var cordoned: Bool
    /// The address at which the manager calls the worker: `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.
    public var url: String
    /// The Cube version of the worker.
    public var version: String
    /// The runtimes of the worker, such as `process`.
    public var runtimes: [String]
    /// The runtimes that end an exclusive task in time even if the worker cannot, and can therefore run such tasks.
    public var exclusiveRuntimes: [String]
    /// The labels by which placement constraints select the node.
    public var labels: [String: String]
    /// The images of the node, for scheduling.
    public var images: ImageSet
    /// What its tasks may have beyond the safe default.
    public var allowances: NodeAllowances
    /// The names of the secrets that the node has, sorted; `nil` if they are unknown.
    public var secrets: [String]?
    /// The total resources that tasks may reserve.
    public var capacity: ResourceSpec
    /// The resources that tasks reserve, including tasks that are stopping.
    public var reserved: ResourceSpec
    /// The number of tasks on the node that have not ended.
    public var tasks: Int
    /// The time of the worker's last response; `nil` if it has not responded since the manager started.
    public var lastSeenAt: Timestamp?
    /// The reason why the manager currently cannot use the worker, and what to do; `nil` if it can.
    public var message: String?
    /// The revision of the node's last change.
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case name, state, cordoned, url, version, runtimes, labels, images, allowances, secrets, capacity, reserved,
            tasks, message, revision
        case exclusiveRuntimes = "exclusive_runtimes"
        case lastSeenAt = "last_seen_at"
    }

    public init(
        name: NodeName, state: WorkerState, cordoned: Bool = false, url: String, version: String, runtimes: [String],
        exclusiveRuntimes: [String] = [],
        labels: [String: String],
        images: ImageSet = ImageSet(), allowances: NodeAllowances = .none, secrets: [String]? = nil,
        capacity: ResourceSpec, reserved: ResourceSpec, tasks: Int,
        lastSeenAt: Timestamp?, message: String? = nil,
        revision: Int
    ) {
        self.name = name
        self.state = state
        self.cordoned = cordoned
        self.url = url
        self.version = version
        self.runtimes = runtimes
        self.exclusiveRuntimes = exclusiveRuntimes
        self.labels = labels
        self.images = images
        self.allowances = allowances
        self.secrets = secrets
        self.capacity = capacity
        self.reserved = reserved
        self.tasks = tasks
        self.lastSeenAt = lastSeenAt
        self.message = message
        self.revision = revision
    }
}

extension NodeInfo {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(NodeName.self, forKey: .name)
        state = try container.decode(WorkerState.self, forKey: .state)
        cordoned = try container.readIfPresent(Bool.self, forKey: .cordoned) ?? (state == .draining)
        url = try container.decode(String.self, forKey: .url)
        version = try container.decode(String.self, forKey: .version)
        runtimes = try container.readElements([String].self, forKey: .runtimes)
        exclusiveRuntimes = try container.readElementsIfPresent([String].self, forKey: .exclusiveRuntimes) ?? []
        labels = try container.readMembers([String: String].self, forKey: .labels)
        images = try container.readIfPresent(ImageSet.self, forKey: .images) ?? ImageSet()
        allowances = try container.readIfPresent(NodeAllowances.self, forKey: .allowances) ?? .none
        secrets = try container.readElementsIfPresent([String].self, forKey: .secrets)
        capacity = try container.decode(ResourceSpec.self, forKey: .capacity)
        reserved = try container.decode(ResourceSpec.self, forKey: .reserved)
        tasks = try container.decode(Int.self, forKey: .tasks)
        lastSeenAt = try container.readIfPresent(Timestamp.self, forKey: .lastSeenAt)
        message = try container.readTextIfPresent(forKey: .message)
        revision = try container.decode(Int.self, forKey: .revision)
    }
}

/// All nodes at a revision.
///
/// - Since: 0.1
public struct NodeList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The nodes, sorted by name.
    public var nodes: [NodeInfo]

    public init(revision: Int, nodes: [NodeInfo]) {
        self.revision = revision
        self.nodes = nodes
    }
}
