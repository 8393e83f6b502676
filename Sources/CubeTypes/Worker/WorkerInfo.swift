import CubeErrors

/// The description of a worker: the response to `GET /info`, and the body of its registration.
///
/// - Since: 0.1
public struct WorkerInfo: Codable, Hashable, Sendable {
    /// The name of the node.
    public var name: NodeName
    /// The Cube version of the worker.
    public var version: String
    /// The address at which the manager calls the worker: `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.
    public var url: String
    /// The runtimes of the worker: `process`, `docker`.
    public var runtimes: [String]
    /// The runtimes that end an exclusive task in time even if the worker cannot, and can therefore run such tasks.
    public var exclusiveRuntimes: [String]
    /// The total resources that tasks may reserve.
    public var capacity: ResourceSpec
    /// The labels by which placement constraints select the node.
    public var labels: [String: String]
    /// The images of the node, for scheduling.
    public var images: ImageSet
    /// What its tasks may have beyond the safe default.
    public var allowances: NodeAllowances
    /// The names of the secrets that the node has, sorted; `nil` if they are unknown. The manager places a task that needs a secret
    /// only on nodes that have it, or of which this is unknown.
    public var secrets: [String]?
    /// The id of the machine's boot; changes with each reboot.
    public var bootID: String
    /// The cluster that the worker belongs to; `nil` until it joins one.
    public var cluster: ClusterID?
    /// The id of the worker's process; changes with each start. Sequence numbers are valid only within one incarnation.
    public var incarnation: String

    enum CodingKeys: String, CodingKey {
        case name, version, url, runtimes, capacity, labels, images, allowances, secrets, cluster, incarnation
        case exclusiveRuntimes = "exclusive_runtimes"
        case bootID = "boot_id"
    }

    public init(
        name: NodeName, version: String, url: String, runtimes: [String], exclusiveRuntimes: [String] = [],
        capacity: ResourceSpec, labels: [String: String] = [:], images: ImageSet = ImageSet(),
        allowances: NodeAllowances = .none, secrets: [String]? = nil,
        bootID: String, cluster: ClusterID? = nil, incarnation: String
    ) {
        self.name = name
        self.version = version
        self.url = url
        self.runtimes = runtimes
        self.exclusiveRuntimes = exclusiveRuntimes
        self.capacity = capacity
        self.labels = labels
        self.images = images
        self.allowances = allowances
        self.secrets = secrets
        self.bootID = bootID
        self.cluster = cluster
        self.incarnation = incarnation
    }
}

extension WorkerInfo {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(NodeName.self, forKey: .name)
        version = try container.decode(String.self, forKey: .version)
        url = try container.decode(String.self, forKey: .url)
        runtimes = try container.readElements([String].self, forKey: .runtimes)
        exclusiveRuntimes = try container.readElementsIfPresent([String].self, forKey: .exclusiveRuntimes) ?? []
        capacity = try container.decode(ResourceSpec.self, forKey: .capacity)
        labels = try container.readMembers([String: String].self, forKey: .labels)
        images = try container.readIfPresent(ImageSet.self, forKey: .images) ?? ImageSet()
        allowances = try container.readIfPresent(NodeAllowances.self, forKey: .allowances) ?? .none
        secrets = try container.readElementsIfPresent([String].self, forKey: .secrets)
        bootID = try container.decode(String.self, forKey: .bootID)
        cluster = try container.readIfPresent(ClusterID.self, forKey: .cluster)
        incarnation = try container.decode(String.self, forKey: .incarnation)
    }
}

/// The response to a registration.
///
/// - Since: 0.1
public struct WorkerWelcome: Codable, Hashable, Sendable {
    /// The cluster that the worker now belongs to.
    public var cluster: ClusterID
    /// The term of the manager's incarnation.
    public var term: Int

    public init(cluster: ClusterID, term: Int) {
        self.cluster = cluster
        self.term = term
    }
}
