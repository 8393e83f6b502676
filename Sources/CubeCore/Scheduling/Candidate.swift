package import HashTreeCollections
package import CubeTypes

/// A node that accepts tasks, with the data that scheduling needs.
package struct Candidate: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    package var labels: [String: String]
    package var capacity: ResourceSpec
    /// The resources that are reserved by all placed tasks, including tasks that are stopping.
    package var reserved: ResourceSpec
    /// The ports that the tasks on the node use.
    package var ports: TreeSet<HostPort>
    /// The number of placed tasks.
    package var tasks: Int
    /// The number of placed tasks of the workload that is being scheduled.
    package var siblings: Int

    package init(
        name: NodeName, runtimes: [String], labels: [String: String], capacity: ResourceSpec, reserved: ResourceSpec,
        ports: TreeSet<HostPort> = [], tasks: Int, siblings: Int
    ) {
        self.name = name
        self.runtimes = runtimes
        self.labels = labels
        self.capacity = capacity
        self.reserved = reserved
        self.ports = ports
        self.tasks = tasks
        self.siblings = siblings
    }

    /// The resources that are not reserved.
    var free: ResourceSpec { capacity - reserved }

    func hasPorts(for demand: Demand) -> Bool {
        demand.hostPorts.allSatisfy { !ports.contains($0) }
            && ports.count + demand.allocatedPorts <= PortSpec.allocated.count
    }
}
