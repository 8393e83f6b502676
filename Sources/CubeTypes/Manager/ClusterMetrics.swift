import CubeErrors

/// The metrics of a cluster: the response to `GET /metrics` of a manager. Names of metrics end with the unit.
///
/// - Since: 0.1
public struct ClusterMetrics: Codable, Hashable, Sendable {
    /// The revision of the cluster state that the metrics describe.
    public var revision: Int
    /// The term of the manager's incarnation.
    public var term: Int
    /// The number of tasks by state.
    public var tasks: [String: Int]
    /// The number of nodes by state.
    public var nodes: [String: Int]
    /// The number of known owners.
    public var owners: Int
    /// CPU capacity of all ready nodes, in millicores.
    public var capacityMillicores: Int
    /// Memory capacity of all ready nodes, in bytes.
    public var capacityMemoryBytes: Int
    /// Disk capacity of all ready nodes, in bytes.
    public var capacityDiskBytes: Int
    /// CPU that tasks reserve on ready nodes, in millicores.
    public var reservedMillicores: Int
    /// Memory that tasks reserve on ready nodes, in bytes.
    public var reservedMemoryBytes: Int
    /// Disk that tasks reserve on ready nodes, in bytes.
    public var reservedDiskBytes: Int

    enum CodingKeys: String, CodingKey {
        case revision, term, tasks, nodes, owners
        case capacityMillicores = "capacity_millicores"
        case capacityMemoryBytes = "capacity_memory_bytes"
        case capacityDiskBytes = "capacity_disk_bytes"
        case reservedMillicores = "reserved_millicores"
        case reservedMemoryBytes = "reserved_memory_bytes"
        case reservedDiskBytes = "reserved_disk_bytes"
    }

    /// Creates the metrics from the status of a cluster.
    public init(_ cluster: ClusterStatus) {
        revision = cluster.revision
        term = cluster.term
        tasks = cluster.tasks
        nodes = cluster.nodes
        owners = cluster.owners.count
        capacityMillicores = cluster.capacity.millicores
        capacityMemoryBytes = cluster.capacity.memory
        capacityDiskBytes = cluster.capacity.disk
        reservedMillicores = cluster.reserved.millicores
        reservedMemoryBytes = cluster.reserved.memory
        reservedDiskBytes = cluster.reserved.disk
    }
}

extension ClusterMetrics {
    /// Requires the numbers of tasks and nodes, because every version sends them. Without them, the response is unreadable.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func count(_ key: CodingKeys) throws -> Int { try container.decode(Int.self, forKey: key) }
        revision = try count(.revision)
        term = try count(.term)
        tasks = try container.readMembers([String: Int].self, forKey: .tasks)
        nodes = try container.readMembers([String: Int].self, forKey: .nodes)
        owners = try count(.owners)
        capacityMillicores = try count(.capacityMillicores)
        capacityMemoryBytes = try count(.capacityMemoryBytes)
        capacityDiskBytes = try count(.capacityDiskBytes)
        reservedMillicores = try count(.reservedMillicores)
        reservedMemoryBytes = try count(.reservedMemoryBytes)
        reservedDiskBytes = try count(.reservedDiskBytes)
    }
}
