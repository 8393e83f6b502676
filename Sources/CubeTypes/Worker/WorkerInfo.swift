/// What a worker is: the answer of `GET /info`, and what it registers with.
///
/// - Since: 0.1
public struct WorkerInfo: Codable, Hashable, Sendable {
    /// What the node is called.
    public var name: NodeName
    /// The version of Cube that it runs.
    public var version: String
    /// Where the manager calls it: `http://HOST:PORT` or `unix:PATH`.
    public var url: String
    /// The runtimes that it has: `process`, later `docker`.
    public var runtimes: [String]
    /// What its tasks may reserve in all.
    public var capacity: ResourceSpec
    /// What constraints of manifests choose nodes by.
    public var labels: [String: String]
    /// Changes with each start of the machine.
    public var bootID: String
    /// The cluster that it belongs to, once it has joined one.
    public var cluster: ClusterID?
    /// Changes with each start of the worker: sequence numbers of another incarnation mean nothing.
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

/// The answer to a registration.
///
/// - Since: 0.1
public struct WorkerWelcome: Codable, Hashable, Sendable {
    /// The cluster that the worker belongs to from now on.
    public var cluster: ClusterID
    /// The manager's incarnation.
    public var term: Int

    public init(cluster: ClusterID, term: Int) {
        self.cluster = cluster
        self.term = term
    }
}
