import CubeErrors

/// The response to `GET /endpoints`: the endpoints of workloads at a revision.
///
/// - Since: 0.1
public struct EndpointList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The cluster of the manager; `nil` in the response of an older manager.
    public var cluster: ClusterID?
    /// The endpoints of ready tasks on nodes that answer, sorted by owner, name and ordinal, then in the order of the ports in the
    /// definition.
    public var endpoints: [ServiceEndpoint]
    /// The endpoints of tasks that were ready when their nodes last answered, in the same order. They may still serve requests: the
    /// connection between the manager and their nodes may be broken.
    public var silent: [ServiceEndpoint]

    public init(
        revision: Int, cluster: ClusterID? = nil, endpoints: [ServiceEndpoint], silent: [ServiceEndpoint] = []
    ) {
        self.revision = revision
        self.cluster = cluster
        self.endpoints = endpoints
        self.silent = silent
    }
}

extension EndpointList {
    enum CodingKeys: String, CodingKey { case revision, cluster, endpoints, silent }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        revision = try container.decode(Int.self, forKey: .revision)
        cluster = try container.readIfPresent(ClusterID.self, forKey: .cluster)
        endpoints = try container.readElements([ServiceEndpoint].self, forKey: .endpoints)
        silent = try container.readElementsIfPresent([ServiceEndpoint].self, forKey: .silent) ?? []
    }
}

extension EndpointList {
    /// The endpoints to send requests to, in the order of ``endpoints``.
    ///
    /// These are the endpoints on nodes that answer. For a workload that has no such endpoint, they are those in ``silent``: a
    /// manager that has lost the connection to all nodes of a workload must not take the workload out of service.
    public var usable: [ServiceEndpoint] {
        let answering = Set(endpoints.map(\.workload))
        let fallback = silent.filter { !answering.contains($0.workload) }
        guard !fallback.isEmpty else { return endpoints }
        // The position keeps the order of the ports of a task.
        return (endpoints + fallback).enumerated().sorted {
            ($0.element.workload, $0.element.ordinal, $0.offset) < ($1.element.workload, $1.element.ordinal, $1.offset)
        }.map(\.element)
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

    /// The owner and the name of the workload.
    fileprivate var workload: Workload { Workload(owner: owner, name: name) }

    fileprivate struct Workload: Hashable, Comparable {
        let owner: OwnerName
        let name: WorkloadName

        static func < (left: Workload, right: Workload) -> Bool {
            (left.owner, left.name) < (right.owner, right.name)
        }
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
