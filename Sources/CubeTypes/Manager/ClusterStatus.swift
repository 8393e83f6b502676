/// How a cluster is: the answer of `GET /cluster`.
///
/// - Since: 0.1
public struct ClusterStatus: Codable, Hashable, Sendable {
    /// The cluster's id.
    public var cluster: ClusterID
    /// The version of Cube that the manager runs.
    public var version: String
    /// The manager's incarnation.
    public var term: Int
    /// The revision of the cluster's state at which this is true.
    public var revision: Int
    /// Where the managers of the cluster say that others reach them, that which answers first; those that say so.
    public var managers: [Endpoint]
    /// How the manager picks among nodes.
    public var policy: SchedulingPolicy
    /// How many tasks there are, by state.
    public var tasks: [String: Int]
    /// How many nodes there are, by state.
    public var nodes: [String: Int]
    /// All owners that are known, by name.
    public var owners: [OwnerName]
    /// What all ready nodes have, and what is reserved on them.
    public var capacity: ResourceSpec
    /// What tasks reserve on all ready nodes, those that are stopping included.
    public var reserved: ResourceSpec

    public init(
        cluster: ClusterID, version: String, term: Int, revision: Int, managers: [Endpoint] = [],
        policy: SchedulingPolicy, tasks: [String: Int], nodes: [String: Int], owners: [OwnerName],
        capacity: ResourceSpec, reserved: ResourceSpec
    ) {
        self.cluster = cluster
        self.version = version
        self.term = term
        self.revision = revision
        self.managers = managers
        self.policy = policy
        self.tasks = tasks
        self.nodes = nodes
        self.owners = owners
        self.capacity = capacity
        self.reserved = reserved
    }
}
