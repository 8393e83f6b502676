package import HashTreeCollections
package import CubeTypes

/// A node that takes tasks, as scheduling sees it.
package struct Candidate: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    package var labels: [String: String]
    package var capacity: ResourceSpec
    /// By all tasks that hold a place, those that are stopping included.
    package var reserved: ResourceSpec
    /// The ports that its tasks have.
    package var ports: TreeSet<HostPort>
    /// How many tasks hold a place.
    package var tasks: Int
    /// How many of them are of the workload to be placed.
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

    /// What is not reserved.
    var free: ResourceSpec { capacity - reserved }

    func hasPorts(for demand: Demand) -> Bool {
        demand.hostPorts.allSatisfy { !ports.contains($0) }
            && ports.count + demand.allocatedPorts <= PortSpec.allocated.count
    }
}
