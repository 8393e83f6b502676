import CubeTypes
import CubeWorker

/// A worker that received tasks directly, without a manager. It refuses to work with a manager, which would treat its
/// tasks as leftovers.
struct LoneWorker: Hashable {
    var name: NodeName
    var data: DataDirectory
    /// The number of its tasks that are still running.
    var tasks: Int

    /// Returns `nil` if the worker has a manager, or does not exist.
    static func find(_ name: NodeName?, in data: DataDirectory) throws -> LoneWorker? {
        guard let name, try data.records(of: name).cluster()?.isOfWorker == true else { return nil }
        let directory = data.worker(name).resolvingLinks
        return LoneWorker(
            name: name, data: data,
            tasks: data.supervisors.count { $0.worker == directory } + data.containers(of: name).count)
    }

    var failure: Failure {
        let running = tasks == 0 ? "" : "; \(Count(tasks, "task").verb("is", "are")) still running"
        return Failure(
            "worker \(name) received tasks without a manager, so it cannot join one\(running)",
            hint:
                "make it forget these tasks with "
                + data.command("worker rejoin --name \(name)\(tasks == 0 ? "" : " --end-tasks")"))
    }
}
