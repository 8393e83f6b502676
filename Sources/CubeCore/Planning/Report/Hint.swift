package import CubeTypes

/// An action that a person can take next. The core names the action, and the program that shows the hint provides the command.
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
    /// Write a newer image into the manifest of a workload.
    case updateImage(WorkloadName)
    /// Look at a task.
    case showTask(TaskID)
}

/// Puts a hint into words that fit into a sentence, such as the command to run.
package typealias HintWording = @Sendable (Hint) -> String
