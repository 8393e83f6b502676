package import CubeTypes

/// The identity of one run. No two runs have the same identity.
package struct RunIdentity: Hashable, Sendable {
    package var task: TaskID
    package var placement: Int
    package var number: Int
    /// The boot of the machine in which the run was started.
    package var boot: String

    package init(task: TaskID, placement: Int, number: Int, boot: String) {
        self.task = task
        self.placement = placement
        self.number = number
        self.boot = boot
    }
}

extension SupervisedPlacement {
    /// Returns the identity of a run of this placement.
    package func identity(ofRun number: Int, boot: String) -> RunIdentity {
        RunIdentity(task: assignment.id, placement: assignment.placement, number: number, boot: boot)
    }

    /// The run whose program is running; `nil` between runs.
    package var liveRun: RunIdentity? {
        if case .running(let boot) = phase { identity(ofRun: run, boot: boot) } else { nil }
    }
}
