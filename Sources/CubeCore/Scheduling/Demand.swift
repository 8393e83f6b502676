package import CubeTypes

/// The requirements of a task on a node. Tasks with equal demands fit on the same nodes, so if one does not fit, none does.
package struct Demand: Hashable, Sendable {
    package let runtime: String
    package let constraints: PlacementConstraints
    package let resources: ResourceSpec
    /// The fixed ports that the task needs on the node.
    package let hostPorts: Set<HostPort>
    /// The number of ports to allocate.
    package let allocatedPorts: Int

    package init(_ definition: TaskDefinition) {
        runtime = definition.runtime.rawValue
        constraints = definition.constraints
        resources = definition.resources
        let named = definition.ports.filter { $0.host != 0 }
        hostPorts = Set(named.map { HostPort($0.host, $0.transport) })
        allocatedPorts = definition.ports.count - named.count
    }
}
