package import CubeTypes

/// A node that currently accepts no tasks: it is draining, silent, or has not reported its tasks yet.
package struct UnavailableNode: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    /// The runtimes that can run exclusive tasks.
    package var exclusiveRuntimes: [String]
    package var labels: [String: String]
    package var allowances: NodeAllowances
    /// The names of the secrets of the node; `nil` if they are unknown.
    package var secrets: [String]?
    package var capacity: ResourceSpec
    package var state: WorkerState

    package init(
        name: NodeName, runtimes: [String], exclusiveRuntimes: [String] = [], labels: [String: String],
        allowances: NodeAllowances = .none, secrets: [String]? = nil,
        capacity: ResourceSpec, state: WorkerState
    ) {
        self.name = name
        self.runtimes = runtimes
        self.exclusiveRuntimes = exclusiveRuntimes
        self.labels = labels
        self.allowances = allowances
        self.secrets = secrets
        self.capacity = capacity
        self.state = state
    }
}
