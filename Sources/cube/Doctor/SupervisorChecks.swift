import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage

/// The program `cube-supervisor` must be installed.
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

/// No task may run whose directory is gone, because no worker knows such a task. A task from this data directory may not run
/// elsewhere, because a worker here would start it a second time.
struct OrphansCheck: Check {
    /// The former directories of the orphans.
    var orphans: [FilePath]
    var data = DataDirectory.standard()

    let title = "orphans"
    var verdict: Verdict {
        guard !orphans.isEmpty else { return .good("none") }
        // The path is DATA/worker/NAME/tasks/ID/runs/RUN, and DATA is the directory that is gone.
        let places = Set(orphans.map { FilePath(root: $0.root, $0.components.dropLast(6)).string }).sorted()
        return .bad(
            "\(Count(orphans.count, "task").verb("is", "are")) running although the data directory is gone or was moved: "
                + places.shortList,
            hint:
                "stop them with \(data.command("down --orphans")) (or with the --data-dir of another data directory), or put the "
                + "directory back to keep them")
    }

    static func measure(_ data: DataDirectory) -> OrphansCheck {
        let removed = SupervisorProcess.all().filter { $0.place == .removed }
        return OrphansCheck(orphans: Set(removed + data.orphans).map(\.directory), data: data)
    }
}

/// The parts of Cube that run on this data directory.
struct HoldersCheck: Check {
    var holders: [String]

    let title = "running"
    var verdict: Verdict { .good(holders.isEmpty ? "nothing" : holders.joined(separator: "; ")) }

    static func measure(_ data: DataDirectory) throws -> HoldersCheck {
        let found = try ([data.run, data.manager, data.reconciler] + data.workers.map(data.worker)).compactMap {
            try DirectoryLock.holder(of: $0)
        }
        return HoldersCheck(holders: Set(found.map(\.description)).sorted())
    }
}
