/// Figures of a cluster: the answer of a manager's `GET /metrics`. Units end the names.
///
/// - Since: 0.1
public struct ClusterMetrics: Codable, Hashable, Sendable {
    /// The revision of the cluster's state at which this is true.
    public var revision: Int
    /// The manager's incarnation.
    public var term: Int
    /// How many tasks there are, by state.
    public var tasks: [String: Int]
    /// How many nodes there are, by state.
    public var nodes: [String: Int]
    /// How many owners are known.
    public var owners: Int
    /// What all ready nodes have.
    public var capacityMillicores: Int
    /// Memory of all ready nodes, in bytes.
    public var capacityMemoryBytes: Int
    /// Disk of all ready nodes, in bytes.
    public var capacityDiskBytes: Int
    /// What is reserved on them.
    public var reservedMillicores: Int
    /// Memory that tasks reserve on them, in bytes.
    public var reservedMemoryBytes: Int
    /// Disk that tasks reserve on them, in bytes.
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

    /// The figures of a cluster as it is.
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
