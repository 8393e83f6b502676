package import CubeTypes

/// The identity of one run. No two runs have the same identity.
package struct RunIdentity: Codable, Hashable, Sendable {
    package var task: TaskID
    package var placement: Int
    package var number: Int
    /// The boot of the machine in which the run was started.
    package var boot: String
    /// The runtime of the run.
    package var runtime: RuntimeKind
    /// The workload and the ordinal, such as `web-0`, for names that people read.
    package var slot: String

    package init(
        task: TaskID, placement: Int, number: Int, boot: String, runtime: RuntimeKind = .process, slot: String = "task"
    ) {
        self.task = task
        self.placement = placement
        self.number = number
        self.boot = boot
        self.runtime = runtime
        self.slot = slot
    }
}

extension SupervisedPlacement {
    /// Returns the identity of a run of this placement.
    package func identity(ofRun number: Int, boot: String) -> RunIdentity {
        RunIdentity(
            task: assignment.id, placement: assignment.placement, number: number, boot: boot,
            runtime: assignment.definition.runtime, slot: "\(assignment.definition.name)-\(assignment.ordinal)")
    }

    /// The run whose program is running; `nil` between runs.
    package var liveRun: RunIdentity? {
        if case .running(let boot) = phase { identity(ofRun: run, boot: boot) } else { nil }
    }
}
