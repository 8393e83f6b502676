package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Records in the history that a person started a command beside the program of a task.
    ///
    /// The record contains the name of the program alone, because arguments and variables may contain secrets. A full disk does not
    /// prevent it: a command may be what frees the disk.
    ///
    /// - Throws: `task_not_found`.
    package mutating func recordExec(_ command: [String], in id: TaskID) throws(APIError) {
        guard let task = state.records.tasks[id] else { throw .unknown(id) }
        advance()
        emit(.execStarted, task, message: (command.first ?? "").shortened(to: TextBounds.remark))
    }
}
