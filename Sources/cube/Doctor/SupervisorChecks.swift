import CubeText
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage

/// The program that outlives the worker must be there.
struct SupervisorCheck: Check {
    var path: FilePath
    var isExecutable: Bool

    let title = "supervisor"
    var verdict: Verdict {
        isExecutable
            ? .good(path.string)
            : .bad(
                "\(path) is missing or not executable",
                hint: "install cube-supervisor beside cube, or set CUBE_SUPERVISOR")
    }

    static func measure() throws -> SupervisorCheck {
        let path = try SupervisorProgram.path()
        return SupervisorCheck(path: path, isExecutable: access(path.string, X_OK) == 0)
    }
}

/// Tasks whose directory is gone run where nobody sees them.
struct OrphansCheck: Check {
    /// The directories that they had.
    var orphans: [FilePath]

    let title = "orphans"
    var verdict: Verdict {
        guard !orphans.isEmpty else { return .good("no task runs without its directory") }
        // Of DATA/worker/NAME/tasks/ID/runs/RUN the data directory, which was taken away.
        let places = Set(orphans.map { FilePath(root: $0.root, $0.components.dropLast(6)).string }).sorted()
        return .bad(
            "\(Count(orphans.count, "task").verb("runs", "run")) though the directory is gone, of "
                + places.shortList,
            hint:
                "`cube down --orphans` stops them, with --data-dir where it is another one; put the directory back to "
                + "keep them")
    }

    static func measure() -> OrphansCheck {
        OrphansCheck(orphans: SupervisorProcess.all().filter(\.isOrphan).map(\.directory))
    }
}

/// Which parts run on this data directory.
struct HoldersCheck: Check {
    var holders: [String]

    let title = "running"
    var verdict: Verdict { .good(holders.isEmpty ? "nothing runs here" : holders.joined(separator: "; ")) }

    static func measure(_ data: DataDirectory) throws -> HoldersCheck {
        let found = try ([data.run, data.manager, data.reconciler] + data.workers.map(data.worker)).compactMap {
            try DirectoryLock.holder(of: $0)
        }
        return HoldersCheck(holders: Set(found.map(\.description)).sorted())
    }
}
