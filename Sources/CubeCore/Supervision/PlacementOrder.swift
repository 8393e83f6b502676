package import CubeTypes

/// One step that the worker carries out after ``PlacementTable`` has decided about a call or an event.
///
/// The worker carries out the orders of a decision one after the other. If one fails, it carries out none that follow, so an
/// order that comes after ``record(_:onFullDisk:)`` takes effect only once the record is durable.
package enum PlacementOrder: Hashable, Sendable {
    /// Write the record durably, then publish it.
    case record(WorkerRecord, onFullDisk: FullDisk)
    /// Publish the record without writing it, because a restarted worker can restore it from the runtime.
    case publish(WorkerRecord)
    /// Write the membership durably, then put it into effect.
    case join(WorkerMembership, onFullDisk: FullDisk)
    /// Do what is due for the task.
    case attend(TaskID)
    /// Start the health checks of the run, or continue them.
    case check(RunIdentity)
    /// Ask the run to end.
    case stop(RunIdentity, StopPolicy)
    /// Change the stop policy of the run.
    case changeStop(RunIdentity, StopPolicy)
    /// Ask a run without a record to end.
    case endUnrecorded(TaskID)
    /// Refuse the call.
    case refuse(PlacementRefusal)

    /// What to do if the disk is too full for a record.
    package enum FullDisk: Hashable, Sendable {
        /// The call fails.
        case fail
        /// Remove the directories of ended tasks and write it again; if that fails too, the call fails.
        case makeRoom
        /// Publish the record anyway. The manager repeats the call if a restarted worker no longer has the record.
        case publish
    }
}
