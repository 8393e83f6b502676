/// The answer of `GET /endpoints?name=`: where a workload is served, at a revision.
///
/// - Since: 0.1
public struct EndpointList: Codable, Hashable, Sendable {
    /// The revision at which this is true.
    public var revision: Int
    /// Of ready tasks, by owner and ordinal, and in the order of their ports.
    public var endpoints: [ServiceEndpoint]

    public init(revision: Int, endpoints: [ServiceEndpoint]) {
        self.revision = revision
        self.endpoints = endpoints
    }
}

/// One port of one ready task.
///
/// - Since: 0.1
public struct ServiceEndpoint: Codable, Hashable, Sendable {
    /// Whose workload it is.
    public var owner: OwnerName
    /// The workload.
    public var name: WorkloadName
    /// Which replica: from 0 to 9,999.
    public var ordinal: Int
    /// The task that serves it.
    public var task: TaskID
    /// The node that it runs on.
    public var node: NodeName?
    /// The port's name.
    public var port: String
    /// `HOST:PORT`.
    public var address: String
    /// What is spoken over it.
    public var transport: PortSpec.Transport

    enum CodingKeys: String, CodingKey {
        case owner, name, ordinal, task, node, port, address
        case transport = "protocol"
    }

    /// A port of a task, as it is asked for by the name of its workload.
    public init(_ endpoint: TaskEndpoint, of task: TaskStatus) {
        owner = task.owner
        name = task.name
        ordinal = task.ordinal
        self.task = task.id
        node = task.node
        port = endpoint.name
        address = endpoint.address
        transport = endpoint.transport
    }
}
