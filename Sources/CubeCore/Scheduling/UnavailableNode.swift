package import CubeTypes

/// A node that currently accepts no tasks: it is draining, silent, or has not reported its tasks yet.
package struct UnavailableNode: Hashable, Sendable {
    package var traits: NodeTraits
    package var state: WorkerState

    package init(_ traits: NodeTraits, state: WorkerState) {
        self.traits = traits
        self.state = state
    }

    var name: NodeName { traits.name }
}
