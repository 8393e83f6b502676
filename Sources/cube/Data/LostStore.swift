import CubeCore
import CubeManager
import CubeTypes
import CubeWorker
import SystemPackage

/// A manager's store that is gone, while workers of this data directory still belong to its cluster. A new store would be
/// another cluster, whose manager knows nothing of what runs.
struct LostStore: Hashable {
    /// The manager's directory.
    var directory: FilePath
    /// How many tasks still run.
    var tasks: Int

    /// `nil` where there is a store, and where there never was one.
    static func find(in data: DataDirectory) throws -> LostStore? {
        guard !data.manager.appending(SQLiteStore.fileName).exists,
            // What cannot be read says that somebody was there. A worker that stands alone never had a manager.
            data.workers.contains(where: { name in
                do { return try WorkerDirectory(data.worker(name)).cluster()?.isOfWorker == false } catch {
                    return true
                }
            })
        else { return nil }
        return LostStore(directory: data.manager, tasks: data.supervisors.count)
    }

    var failure: Failure {
        let gone = "the manager's store in \(directory) is gone, and the worker here belongs to its cluster"
        return tasks == 0
            ? Failure(
                gone,
                hint:
                    "`cube manager restore FILE` brings it back from a backup; `cube worker rejoin` begins anew without "
                    + "it")
            : Failure(
                "\(gone); \(Count(tasks, "task").verb("still runs", "still run"))",
                hint: "put \(directory) back, or `cube manager restore FILE`; or `cube down --orphans` ends the tasks, "
                    + "and `cube worker rejoin` begins anew")
    }
}
