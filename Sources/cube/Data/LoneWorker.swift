import CubeTypes
import CubeWorker

/// A worker that was given tasks without a manager: it works with none, as its tasks would be leftovers to that.
struct LoneWorker: Hashable {
    var name: NodeName
    /// How many of its tasks still run.
    var tasks: Int

    /// `nil` where the worker is none, or there is no such worker.
    static func find(_ name: NodeName?, in data: DataDirectory) throws -> LoneWorker? {
        guard let name, try WorkerDirectory(data.worker(name)).cluster()?.isOfWorker == true else { return nil }
        let directory = data.worker(name).resolvingLinks
        return LoneWorker(
            name: name, tasks: data.supervisors.count { $0.worker.resolvingLinks == directory })
    }

    var failure: Failure {
        let running = tasks == 0 ? "" : "; \(tasks == 1 ? "1 task of it still runs" : "\(tasks) tasks of it still run")"
        return Failure(
            "worker \(name) stands alone: it was given tasks without a manager\(running)",
            hint: "`cube worker rejoin --name \(name)\(tasks == 0 ? "" : " --end-tasks")` has it forget them")
    }
}
