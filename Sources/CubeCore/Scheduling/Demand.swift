package import CubeTypes

/// All that a task asks of a node. Tasks of equal demand fit in the same places, so one that does not fit speaks for all.
package struct Demand: Hashable, Sendable {
    package let runtime: String
    package let constraints: PlacementConstraints
    package let resources: ResourceSpec

    package init(_ definition: TaskDefinition) {
        runtime = definition.image == nil ? "process" : "docker"
        constraints = definition.constraints
        resources = definition.resources
    }
}
