import CubeErrors
import CubeTypes
import Glibc

/// What the run directories of a task tell of it where its record does not: that it was started.
struct RunTrace: Sendable {
    let directory: RunDirectory
    let placement: Int
    let run: Int
    /// Whoever watches over the run; `nil` where nobody does.
    let supervisor: ProcessDescriptor?

    /// The run of a task that is alive, or else the last one.
    ///
    /// - Parameter runs: the directory of its runs.
    /// - Returns: `nil` where nothing was ever started.
    static func find(in runs: String) throws -> RunTrace? {
        try LocalFiles.names(in: runs).compactMap { name -> RunTrace? in
            let numbers = name.split(separator: "-").compactMap { Int($0) }
            let directory = RunDirectory(path: "\(runs)/\(name)")
            guard numbers.count == 2, directory.hasLaunch || directory.hasOutcome else { return nil }
            return RunTrace(
                directory: directory, placement: numbers[0], run: numbers[1], supervisor: try directory.supervisor())
        }
        .max { $0.rank < $1.rank }
    }

    private var rank: (Int, Int, Int) { (supervisor == nil ? 0 : 1, placement, run) }
}
