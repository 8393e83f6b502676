package import CubeTypes

/// The kind of a runtime. The raw value names it in the descriptions of nodes.
package enum RuntimeKind: String, Codable, Hashable, Sendable {
    /// Runs a task as a process of the machine.
    case process
    /// Runs a task as a container of an engine that serves the Docker Engine API, such as Docker or Podman.
    case docker
}

extension TaskDefinition {
    /// The kind of runtime that the task needs.
    package var runtime: RuntimeKind { image == nil ? .process : .docker }
}
