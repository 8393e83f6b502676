package import CubeTypes

/// All that a task asks of a node. Tasks of equal demand fit in the same places, so one that does not fit speaks for all.
package struct Demand: Hashable, Sendable {
    package let runtime: String
    package let constraints: PlacementConstraints
    package let resources: ResourceSpec
    /// The ports of the node that it must have.
    package let hostPorts: Set<HostPort>
    /// How many others it needs.
    package let allocatedPorts: Int

    package init(_ definition: TaskDefinition) {
        runtime = definition.image == nil ? "process" : "docker"
        constraints = definition.constraints
        resources = definition.resources
        let named = definition.ports.filter { $0.host != 0 }
        hostPorts = Set(named.map { HostPort($0.host, $0.transport) })
        allocatedPorts = definition.ports.count - named.count
    }
}
