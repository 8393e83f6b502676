package import CubeTypes

/// One thing that the worker does after ``PlacementTable`` has decided about a call or an event.
///
/// The worker carries out the orders of a decision one after the other. If one fails, it carries out none that follow, so an order
/// that comes after ``record(_:onFullDisk:)`` takes effect only once the record is durable.
package enum PlacementOrder: Hashable, Sendable {
    /// Write the record durably, then publish it.
    case record(WorkerRecord, onFullDisk: FullDisk)
    /// Publish the record without writing it: the next worker finds out the same from the runtime.
    case publish(WorkerRecord)
    /// Write the membership durably, then let it count.
    case join(WorkerMembership, onFullDisk: FullDisk)
    /// See to what is due for the task.
    case attend(TaskID)
    /// Keep checking the health of the run.
    case check(RunIdentity)
    /// Ask the run to end.
    case stop(RunIdentity, StopPolicy)
    /// Tell the run how it is to be ended from now on.
    case changeStop(RunIdentity, StopPolicy)
    /// Ask a run to end that has no record.
    case endUnrecorded(TaskID)
    /// Refuse the call.
    case refuse(PlacementRefusal)

    /// What to do if the disk has no room for a record.
    package enum FullDisk: Hashable, Sendable {
        /// The call fails.
        case fail
        /// Remove the directories of ended tasks and write it again; if that fails too, the call fails.
        case makeRoom
        /// Publish it all the same: the manager repeats the call if the next worker has forgotten it.
        case publish
    }
}
