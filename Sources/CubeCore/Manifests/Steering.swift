package import CubeTypes

/// How the reconciler treats a workload: the fields of a manifest that are not part of any digest of a task.
package struct Steering: Hashable, Sendable {
    /// The number of tasks that run at the same time: 0 to 10,000.
    package var replicas = 1
    package var update = UpdatePolicy()
    /// Whether the workload is frozen: Cube starts, stops and replaces none of its tasks.
    package var suspend = false
    /// Whether Cube stops the tasks when the manifest is removed.
    package var prune = true
    /// The workloads that must be healthy, or completed, before Cube starts or replaces a task, in the order of the manifest.
    package var dependsOn: [WorkloadName] = []
    /// The parts of the manifest whose differences are ignored.
    package var ignore: [JSONPointer] = []
    /// How a newer image is found; `nil` if none is looked for.
    package var imageUpdate: ImageUpdate?

    package init() {}
}

/// How a workload's tasks are replaced when its definition changes.
package struct UpdatePolicy: Hashable, Sendable {
    /// How many replicas may be unavailable during an update.
    package var maxUnavailable: Int
    /// How many tasks may run in addition to the replicas during an update. Each is started before the task that it replaces is
    /// stopped.
    package var maxSurge: Int
    /// How long a task must have been ready to count as available.
    package var minHealthy: Duration
    /// The time in which a new task must become available, counted from when the manager accepted it.
    package var deadline: Duration
    package var onFailure: OnFailure

    /// What happens when a new task of a rollout fails or misses its deadline.
    package enum OnFailure: String, Sendable {
        /// No further task is replaced. Running tasks stay.
        case stall
        /// The workload goes back to the last healthy definition.
        case revert
    }

    package init(
        maxUnavailable: Int = 1, maxSurge: Int = 0, minHealthy: Duration = TaskProposal.standardMinHealthy,
        deadline: Duration = .seconds(600), onFailure: OnFailure = .stall
    ) {
        self.maxUnavailable = maxUnavailable
        self.maxSurge = maxSurge
        self.minHealthy = minHealthy
        self.deadline = deadline
        self.onFailure = onFailure
    }

    /// ``minHealthy`` as the manager is told; `nil` for the time that it takes for granted.
    var statedMinHealthy: Duration? { minHealthy == TaskProposal.standardMinHealthy ? nil : minHealthy }
}
