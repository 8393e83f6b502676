import CubeErrors

/// The description of a worker: the response to `GET /info`, and the body of its registration.
///
/// - Since: 0.1
public struct WorkerInfo: Codable, Hashable, Sendable {
    /// The name of the node.
    public var name: NodeName
    /// The Cube version of the worker.
    public var version: String
    /// The address at which the manager calls the worker: `http://HOST:PORT` or `unix:PATH`.
    public var url: String
    /// The runtimes of the worker: `process`, later `docker`.
    public var runtimes: [String]
    /// The total resources that tasks may reserve.
    public var capacity: ResourceSpec
    /// The labels by which placement constraints select the node.
    public var labels: [String: String]
    /// The id of the machine's boot; changes with each reboot.
    public var bootID: String
    /// The cluster that the worker belongs to; `nil` until it joins one.
    public var cluster: ClusterID?
    /// The id of the worker's process; changes with each start. Sequence numbers are valid only within one incarnation.
    public var incarnation: String

    enum CodingKeys: String, CodingKey {
        case name, version, url, runtimes, capacity, labels, cluster, incarnation
        case bootID = "boot_id"
    }

    public init(
        name: NodeName, version: String, url: String, runtimes: [String], capacity: ResourceSpec,
        labels: [String: String] = [:],
        bootID: String, cluster: ClusterID? = nil, incarnation: String
    ) {
        self.name = name
        self.version = version
        self.url = url
        self.runtimes = runtimes
        self.capacity = capacity
        self.labels = labels
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
        capacity = try container.decode(ResourceSpec.self, forKey: .capacity)
        labels = try container.readMembers([String: String].self, forKey: .labels)
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
