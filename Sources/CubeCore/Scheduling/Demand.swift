import HashTreeCollections
package import CubeTypes

/// The requirements of a task on a node. Tasks with equal demands fit on the same nodes, so if one does not fit, none does.
package struct Demand: Hashable, Sendable {
    package let runtime: String
    /// Whether the runtime must end the task in time even if its worker cannot.
    package let isExclusive: Bool
    package let constraints: PlacementConstraints
    /// What the node must allow beyond the safe default.
    package let allowances: Set<NeededAllowance>
    /// The names of the secrets that the node must have.
    package let secrets: Set<String>
    /// The workload that must be on the node, because the task uses its network.
    package let neighbor: WorkloadKey?
    package let resources: ResourceSpec
    /// The fixed ports that the task needs on the node.
    package let hostPorts: Set<HostPort>
    /// The number of ports to allocate.
    package let allocatedPorts: Int
    /// The named volumes of the task, sorted.
    package let volumes: [VolumeKey]

    package init(_ definition: TaskDefinition, of owner: OwnerName) {
        runtime = definition.runtime.rawValue
        isExclusive = definition.exclusive
        constraints = definition.constraints
        allowances = definition.neededAllowances
        secrets = definition.secretNames
        neighbor = definition.network.of.map { WorkloadKey(owner: owner, name: $0) }
        resources = definition.resources
        let named = definition.ports.filter { $0.host != 0 }
        hostPorts = Set(named.map { HostPort($0.host, $0.transport) })
        allocatedPorts = definition.ports.count - named.count
        volumes = definition.volumeNames.map { VolumeKey(owner: owner, name: $0) }
    }

    /// Whether a node has the ports that the task needs beside those in use.
    func hasPorts(beside used: TreeSet<HostPort>) -> Bool {
        guard !hostPorts.isEmpty || allocatedPorts > 0 else { return true }
        return hostPorts.allSatisfy { !used.contains($0) } && used.count + allocatedPorts <= PortSpec.allocated.count
    }
}
