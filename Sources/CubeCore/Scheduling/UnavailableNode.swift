package import CubeTypes

/// A node that currently accepts no tasks: it is draining, silent, or has not reported its tasks yet.
package struct UnavailableNode: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    package var labels: [String: String]
    package var state: WorkerState

    package init(name: NodeName, runtimes: [String], labels: [String: String], state: WorkerState) {
        self.name = name
        self.runtimes = runtimes
        self.labels = labels
        self.state = state
    }
}
