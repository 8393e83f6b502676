package import HashTreeCollections
package import CubeTypes

/// A node that accepts tasks, with the data that scheduling needs.
package struct Candidate: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    /// The runtimes that can run exclusive tasks.
    package var exclusiveRuntimes: [String]
    package var labels: [String: String]
    package var allowances: NodeAllowances
    /// The names of the secrets of the node; `nil` if they are unknown.
    package var secrets: [String]?
    package var capacity: ResourceSpec
    /// The resources that are reserved by all placed tasks, including tasks that are stopping.
    package var reserved: ResourceSpec
    /// The ports that the tasks on the node use.
    package var ports: TreeSet<HostPort>
    /// The number of placed tasks.
    package var tasks: Int
    /// The number of placed tasks of the workload that is being scheduled.
    package var siblings: Int
    /// The number of placed tasks of the workload in the node's domain, if the workload spreads over a label; otherwise 0. See
    /// ``SpreadDomains``.
    package var domainSiblings: Int
    /// Whether the node has the image of the task that is being scheduled.
    package var hasImage: Bool
    /// Whether a task of the workload is placed on the node whose network the task uses.
    package var hasNeighbor: Bool
    /// Whether a task is placed on the node that uses the network of the workload that is being scheduled.
    package var hasNetworkUser: Bool

    package init(
        name: NodeName, runtimes: [String], exclusiveRuntimes: [String] = [], labels: [String: String],
        allowances: NodeAllowances = .none, secrets: [String]? = nil,
        capacity: ResourceSpec, reserved: ResourceSpec, ports: TreeSet<HostPort> = [], tasks: Int, siblings: Int,
        domainSiblings: Int = 0, hasImage: Bool = false, hasNeighbor: Bool = false, hasNetworkUser: Bool = false
    ) {
        self.name = name
        self.runtimes = runtimes
        self.exclusiveRuntimes = exclusiveRuntimes
        self.labels = labels
        self.allowances = allowances
        self.secrets = secrets
        self.capacity = capacity
        self.reserved = reserved
        self.ports = ports
        self.tasks = tasks
        self.siblings = siblings
        self.domainSiblings = domainSiblings
        self.hasImage = hasImage
        self.hasNeighbor = hasNeighbor
        self.hasNetworkUser = hasNetworkUser
    }

    /// The resources that are not reserved.
    var free: ResourceSpec { capacity - reserved }

    func hasPorts(for demand: Demand) -> Bool {
        demand.hostPorts.allSatisfy { !ports.contains($0) }
            && ports.count + demand.allocatedPorts <= PortSpec.allocated.count
    }
}
