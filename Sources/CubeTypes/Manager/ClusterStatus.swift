import CubeErrors

/// The status of a cluster: the response to `GET /cluster`.
///
/// - Since: 0.1
public struct ClusterStatus: Codable, Hashable, Sendable {
    /// The id of the cluster.
    public var cluster: ClusterID
    /// The version of Cube that the manager runs.
    public var version: String
    /// The term of the manager's incarnation.
    public var term: Int
    /// The revision of the cluster state that this status describes.
    public var revision: Int
    /// The addresses that the managers of the cluster advertise, with the responding manager first. Managers that advertise no
    /// address are not listed.
    public var managers: [Endpoint]
    /// The policy by which the manager chooses a node.
    public var policy: SchedulingPolicy
    /// Whether the policy `spread` prefers nodes that have the image of a task.
    public var prefersImages: Bool
    /// The number of tasks by state.
    public var tasks: [String: Int]
    /// The number of nodes by state.
    public var nodes: [String: Int]
    /// All known owners, sorted by name.
    public var owners: [OwnerName]
    /// The total capacity of all ready nodes.
    public var capacity: ResourceSpec
    /// The resources that tasks reserve on all ready nodes, including tasks that are stopping.
    public var reserved: ResourceSpec

    enum CodingKeys: String, CodingKey {
        case cluster, version, term, revision, managers, policy, tasks, nodes, owners, capacity, reserved
        case prefersImages = "prefers_images"
    }

    public init(
        cluster: ClusterID, version: String, term: Int, revision: Int, managers: [Endpoint] = [],
        policy: SchedulingPolicy, prefersImages: Bool = true, tasks: [String: Int], nodes: [String: Int],
        owners: [OwnerName],
        capacity: ResourceSpec, reserved: ResourceSpec
    ) {
        self.cluster = cluster
        self.version = version
        self.term = term
        self.revision = revision
        self.managers = managers
        self.policy = policy
        self.prefersImages = prefersImages
        self.tasks = tasks
        self.nodes = nodes
        self.owners = owners
        self.capacity = capacity
        self.reserved = reserved
    }
}

extension ClusterStatus {
    /// Requires the numbers of tasks and nodes, because every version sends them. Without them, the response is unreadable.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            cluster: try container.decode(ClusterID.self, forKey: .cluster),
            version: try container.decode(String.self, forKey: .version),
            term: try container.decode(Int.self, forKey: .term),
            revision: try container.decode(Int.self, forKey: .revision),
            managers: try container.readElements([Endpoint].self, forKey: .managers),
            policy: try container.decode(SchedulingPolicy.self, forKey: .policy),
            prefersImages: try container.readIfPresent(Bool.self, forKey: .prefersImages) ?? false,
            tasks: try container.readMembers([String: Int].self, forKey: .tasks),
            nodes: try container.readMembers([String: Int].self, forKey: .nodes),
            owners: try container.decode([OwnerName].self, forKey: .owners),
            capacity: try container.decode(ResourceSpec.self, forKey: .capacity),
            reserved: try container.decode(ResourceSpec.self, forKey: .reserved))
    }
}
