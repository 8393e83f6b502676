/// The answer of `GET /endpoints?name=`: where a workload is served, at a revision.
public struct EndpointList: Codable, Hashable, Sendable {
    public var revision: Int
    /// Of ready tasks, by owner and ordinal, and in the order of their ports.
    public var endpoints: [ServiceEndpoint]

    public init(revision: Int, endpoints: [ServiceEndpoint]) {
        self.revision = revision
        self.endpoints = endpoints
    }
}

/// One port of one ready task.
public struct ServiceEndpoint: Codable, Hashable, Sendable {
    public var owner: OwnerName
    /// The workload.
    public var name: WorkloadName
    public var ordinal: Int
    public var task: TaskID
    public var node: NodeName?
    /// The port's name.
    public var port: String
    /// `HOST:PORT`.
    public var address: String
    public var transport: PortSpec.Transport

    enum CodingKeys: String, CodingKey {
        case owner, name, ordinal, task, node, port, address
        case transport = "protocol"
    }

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
