import CubeWorker
import SystemPackage

/// A supervisor of a task that was started from a data directory, by whatever path that was reached, or whose directory was moved into
/// it.
struct LocalSupervisor {
    let process: SupervisorProcess
    /// The directory of the worker that started it, where that is now, without links.
    let worker: FilePath
    /// Whether the directory of its run is no longer in the data directory, because it was removed or moved elsewhere.
    let isOrphan: Bool

    /// Returns the supervisors of a data directory, sorted by process ID.
    static func find(in directory: FilePath) -> [LocalSupervisor] {
        let roots = Set([directory, directory.resolvingLinks])
        // Thousands of runs share the directory of their worker, which is the last one on their ways that links may lead to.
        var known: [FilePath: (real: FilePath, isInside: Bool)] = [:]
        func worker(of run: FilePath) -> (real: FilePath, isInside: Bool) {
            let worker = SupervisorProcess.worker(ofRun: run)
            if let known = known[worker] { return known }
            let real = worker.resolvingLinks
            let isInside = [worker, real].contains { way in roots.contains { way.starts(with: $0) } }
            known[worker] = (real, isInside)
            return (real, isInside)
        }
        return SupervisorProcess.all().compactMap { process in
            let now = worker(of: process.currentDirectory)
            guard now.isInside || worker(of: process.directory).isInside else { return nil }
            return LocalSupervisor(
                process: process, worker: now.real, isOrphan: process.place == .removed || !now.isInside)
        }
    }
}
