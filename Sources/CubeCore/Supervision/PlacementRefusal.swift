package import CubeTypes

/// The reason why a worker refuses a call.
package enum PlacementRefusal: Hashable, Sendable {
    /// The caller belongs to another cluster than the worker.
    case foreignCluster(ClusterID, own: ClusterID)
    /// The term is higher than any that a manager can have reached.
    case implausibleTerm(Int)
    /// A manager with a higher term has called before.
    case staleTerm(Int, accepted: Int)
    case unknownTask(TaskID)
    /// The worker knows a newer placement of the task.
    case olderPlacement(TaskID, Int, known: Int)
    /// The earlier placement of the task has not ended yet, so a retry can help.
    case placementNotEnded(TaskID, Int)
    /// The worker knows the placement with another definition.
    case otherDefinition(TaskID, Int)
    /// The settings are for another placement than the worker has.
    case otherPlacement(TaskID, Int, known: Int)
    /// The worker has no record of the task, but it started a newer placement of the task.
    case olderThanStarted(TaskID, Int, started: Int)
    /// The worker has no record of the task, but an earlier placement of it is alive. That placement was asked to end, so a
    /// retry can help.
    case unrecordedPlacement(TaskID, Int)
    /// The worker has no record of the task, but a run of the task is alive. The run was asked to end, so a retry can help.
    case unrecordedRun(TaskID)
}
