import CubeErrors

/// The response to `GET /endpoints?name=`: the endpoints of a workload at a revision.
///
/// - Since: 0.1
public struct EndpointList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The endpoints of ready tasks, sorted by owner and ordinal, then in the order of the ports in the definition.
    public var endpoints: [ServiceEndpoint]

    public init(revision: Int, endpoints: [ServiceEndpoint]) {
        self.revision = revision
        self.endpoints = endpoints
    }
}

extension EndpointList {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        revision = try container.decode(Int.self, forKey: .revision)
        endpoints = try container.readElements([ServiceEndpoint].self, forKey: .endpoints)
    }
}

/// A port of a ready task.
///
/// - Since: 0.1
public struct ServiceEndpoint: Codable, Hashable, Sendable {
    /// The owner of the workload.
    public var owner: OwnerName
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, 0 to 9,999.
    public var ordinal: Int
    /// The id of the task that serves the endpoint.
    public var task: TaskID
    /// The node that the task runs on.
    public var node: NodeName?
    /// The name of the port.
    public var port: String
    /// `HOST:PORT`.
    public var address: String
    /// The protocol of the port.
    public var transport: PortSpec.Transport

    enum CodingKeys: String, CodingKey {
        case owner, name, ordinal, task, node, port, address
        case transport = "protocol"
    }

    /// Creates the endpoint for a port of a task.
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

extension ServiceEndpoint {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        owner = try container.decode(OwnerName.self, forKey: .owner)
        name = try container.decode(WorkloadName.self, forKey: .name)
        ordinal = try container.decode(Int.self, forKey: .ordinal)
        task = try container.decode(TaskID.self, forKey: .task)
        node = try container.readIfPresent(NodeName.self, forKey: .node)
        port = try container.decode(String.self, forKey: .port)
        address = try container.decode(String.self, forKey: .address)
        transport = try container.decode(PortSpec.Transport.self, forKey: .transport)
    }
}
