import CubeCore
import CubeManager
import CubeSystem
import CubeTypes
import CubeWorker
import SystemPackage

/// A manager's store that is gone, while workers of this data directory still belong to its cluster. A new store would
/// belong to a new cluster, whose manager would not know the running tasks.
struct LostStore: Hashable {
    var data: DataDirectory
    /// The number of tasks that are still running.
    var tasks: Int

    /// Returns `nil` if the store exists, or never existed.
    static func find(in data: DataDirectory) throws -> LostStore? {
        guard !data.manager.appending(SQLiteStore.fileName).exists,
            // An unreadable record proves that a worker existed. A worker without a manager never had a store.
            data.workers.contains(where: { name in
                do { return try data.records(of: name).cluster()?.isOfWorker == false } catch {
                    return true
                }
            })
        else { return nil }
        return LostStore(data: data, tasks: data.supervisors.count + data.containers.count)
    }

    var failure: Failure {
        let gone = "the manager's store in \(data.manager) is gone, and the worker here belongs to its cluster"
        return tasks == 0
            ? Failure(
                gone,
                hint:
                    "restore a backup with \(data.command("manager restore FILE")), or start without the store after "
                    + data.command("worker rejoin"))
            : Failure(
                "\(gone); \(Count(tasks, "task").verb("is", "are")) still running",
                hint:
                    "put \(data.manager) back, or run \(data.command("manager restore FILE")); or stop the tasks with "
                    + "\(data.command("down --orphans")) and start without the store after "
                    + "\(data.command("worker rejoin --end-tasks")), which also ends containers")
    }
}
