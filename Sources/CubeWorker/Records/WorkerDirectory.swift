import CubeCore
package import CubeTypes
import Glibc
package import SystemPackage

/// The directory of a worker, for use while no worker runs in it.
package struct WorkerDirectory: Sendable {
    private let directory: FilePath
    private let store: WorkerStore

    /// - Parameter command: writes a command of Cube in a message, as ``WorkerOptions/command`` does.
    package init(
        _ directory: FilePath,
        command: @escaping @Sendable (_ words: String) -> String = WorkerOptions.plainCommand
    ) {
        self.directory = directory
        store = WorkerStore(directory: directory.string, command: command)
    }

    /// Returns the cluster that the worker belongs to; `nil` if it has joined none.
    package func cluster() throws -> ClusterID? { try store.membership().cluster }

    /// Returns the highest term of a manager that the worker has accepted.
    package func term() throws -> Int { try store.membership().term }

    /// Makes the worker forget its cluster, so that it joins the next cluster that contacts it. None of its tasks may
    /// be running.
    ///
    /// - Returns: the new path of the tasks' records and output; `nil` if there are none.
    package func forgetCluster() throws -> FilePath? {
        guard let cluster = try cluster() else { return nil }
        let tasks = directory.appending("tasks")
        var kept = directory.appending("tasks-of-\(cluster)")
        var number = 1
        while access(kept.string, F_OK) == 0 {
            number += 1
            kept = directory.appending("tasks-of-\(cluster)-\(number)")
        }
        // Moved before the membership is reset: otherwise, the tasks would be started again in another cluster.
        let hasTasks = rename(tasks.string, kept.string) == 0
        guard hasTasks || errno == ENOENT else { throw Errno(rawValue: errno) }
        try store.keepVolumes(of: cluster)
        try store.save(WorkerMembership())
        return hasTasks ? kept : nil
    }
}
