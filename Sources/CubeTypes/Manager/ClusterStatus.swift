/// How a cluster is: the answer of `GET /cluster`.
public struct ClusterStatus: Codable, Hashable, Sendable {
    public var cluster: ClusterID
    public var version: String
    /// The manager's incarnation.
    public var term: Int
    public var revision: Int
    public var policy: SchedulingPolicy
    /// How many tasks there are, by state.
    public var tasks: [String: Int]
    /// How many nodes there are, by state.
    public var nodes: [String: Int]
    public var owners: [OwnerName]
    /// What all ready nodes have, and what is reserved on them.
    public var capacity: ResourceSpec
    public var reserved: ResourceSpec

    public init(
        cluster: ClusterID, version: String, term: Int, revision: Int, policy: SchedulingPolicy, tasks: [String: Int],
        nodes: [String: Int], owners: [OwnerName], capacity: ResourceSpec, reserved: ResourceSpec
    ) {
        self.cluster = cluster
        self.version = version
        self.term = term
        self.revision = revision
        self.policy = policy
        self.tasks = tasks
        self.nodes = nodes
        self.owners = owners
        self.capacity = capacity
        self.reserved = reserved
    }
}
