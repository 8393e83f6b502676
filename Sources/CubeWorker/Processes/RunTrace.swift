import CubeErrors
import CubeTypes
import Glibc

/// Evidence from the run directories that a task was started, even if its record is missing.
struct RunTrace: Sendable {
    let directory: RunDirectory
    let placement: Int
    let run: Int
    /// The supervisor of the run; `nil` if it has ended.
    let supervisor: ProcessDescriptor?

    /// Finds the live run of a task or, if no run is alive, the latest run.
    ///
    /// - Parameter runs: the directory that holds the directories of the task's runs.
    /// - Returns: `nil` if the task was never started.
    static func find(in runs: String) throws -> RunTrace? {
        try LocalFiles.names(in: runs).compactMap { name -> RunTrace? in
            let numbers = name.split(separator: "-").compactMap { Int($0) }
            let directory = RunDirectory(path: "\(runs)/\(name)")
            guard numbers.count == 2,
                directory.hasLaunch || directory.hasOutcome || ContainerDirectory(path: directory.path).isStarted
            else { return nil }
            return RunTrace(
                directory: directory, placement: numbers[0], run: numbers[1], supervisor: try directory.supervisor())
        }
        .max { $0.rank < $1.rank }
    }

    private var rank: (Int, Int, Int) { (supervisor == nil ? 0 : 1, placement, run) }
}
