import CubeCore
package import CubeTypes
import Glibc
package import SystemPackage

/// The directory of a worker, for those who look at it while no worker runs there.
package struct WorkerDirectory: Sendable {
    private let directory: FilePath
    private var store: WorkerStore { WorkerStore(directory: directory.string) }

    package init(_ directory: FilePath) { self.directory = directory }

    /// The cluster that the worker belongs to; `nil` where it has joined none.
    package func cluster() throws -> ClusterID? { try store.membership().cluster }

    /// The highest term of a manager that the worker has accepted.
    package func term() throws -> Int { try store.membership().term }

    /// Has the worker forget its cluster: the next one joins the first cluster that it meets. No task of it may run.
    ///
    /// - Returns: Where the records and the output of its tasks are from now on; `nil` where there are none.
    package func forgetCluster() throws -> FilePath? {
        guard let cluster = try cluster() else { return nil }
        let tasks = directory.appending("tasks")
        var kept = directory.appending("tasks-of-\(cluster)")
        var number = 1
        while access(kept.string, F_OK) == 0 {
            number += 1
            kept = directory.appending("tasks-of-\(cluster)-\(number)")
        }
        // First of all: under another cluster, the records would be started again.
        let hasTasks = rename(tasks.string, kept.string) == 0
        guard hasTasks || errno == ENOENT else { throw Errno(rawValue: errno) }
        try store.save(WorkerMembership())
        return hasTasks ? kept : nil
    }
}
