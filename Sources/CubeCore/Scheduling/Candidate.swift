package import HashTreeCollections
package import CubeTypes

/// A node that accepts tasks, with the data that scheduling needs.
package struct Candidate: Hashable, Sendable {
    package var traits: NodeTraits
    package var use: NodeUse
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
        _ traits: NodeTraits, use: NodeUse = NodeUse(), siblings: Int = 0, domainSiblings: Int = 0,
        hasImage: Bool = false, hasNeighbor: Bool = false, hasNetworkUser: Bool = false
    ) {
        self.traits = traits
        self.use = use
        self.siblings = siblings
        self.domainSiblings = domainSiblings
        self.hasImage = hasImage
        self.hasNeighbor = hasNeighbor
        self.hasNetworkUser = hasNetworkUser
    }

    package var name: NodeName { traits.name }

    /// The resources that are not reserved.
    var free: ResourceSpec { traits.capacity - use.reserved }

    /// The amounts that policies compare.
    var figures: NodeFigures { NodeFigures(traits.capacity, use) }
}

/// What the placed tasks of a node use, including tasks that are stopping.
package struct NodeUse: Hashable, Sendable {
    package var reserved = ResourceSpec.zero
    /// The ports of the node that the tasks use.
    package var ports: TreeSet<HostPort> = []
    /// The number of tasks.
    package var tasks = 0

    package init(reserved: ResourceSpec = .zero, ports: TreeSet<HostPort> = [], tasks: Int = 0) {
        self.reserved = reserved
        self.ports = ports
        self.tasks = tasks
    }
}
