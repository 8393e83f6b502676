package import CubeTypes

/// What a person can do next. The core names the action, and whoever shows the hint names the command for it.
package enum Hint: Hashable, Sendable {
    /// Release the changes that a guard holds.
    case approve(Digest)
    /// Try a workload again.
    case retry(WorkloadName)
    /// End the suspension of a workload.
    case resume(WorkloadName)
    /// Put the tasks of another owner under a manifest.
    case adopt(WorkloadName, from: OwnerName)
    /// Bind an owner to this source.
    case claim(OwnerName)
    /// Look at a task.
    case showTask(TaskID)
}

/// Puts a hint into words that fit into a sentence, such as the command to run.
package typealias HintWording = @Sendable (Hint) -> String
