package import CubeTypes
import Glibc
package import SystemPackage

/// A living `cube-supervisor` process of this user, started by any worker.
package struct SupervisorProcess: Hashable, Sendable {
    package let process: Int32
    /// The directory of its run, as passed at its start.
    package let directory: FilePath
    /// Where the directory is now.
    package let place: Place

    package enum Place: Hashable, Sendable {
        /// Where it was at the start of the process.
        case unchanged
        /// It was moved, by itself or with a directory above it.
        case moved(to: FilePath)
        case removed
    }

    /// Returns all supervisors, sorted by process ID.
    package static func all() -> [SupervisorProcess] {
        ProcessTable.read().entries.values.compactMap(SupervisorProcess.init).sorted { $0.process < $1.process }
    }

    /// Returns the supervisors whose run directories are, or were, below a directory.
    package static func all(below directory: FilePath) -> [SupervisorProcess] {
        all().filter { $0.directory.starts(with: directory) }
    }

    /// The task that the process supervises.
    package var task: TaskID? {
        // The path is `WORKER/tasks/ID/runs/RUN`.
        directory.components.dropLast(2).last.flatMap { TaskID(rawValue: $0.string) }
    }

    /// The path of the run's directory now, or its last path if it was removed.
    package var currentDirectory: FilePath { if case .moved(let path) = place { path } else { directory } }

    /// The directory of the worker that started the process.
    package var worker: FilePath { Self.worker(ofRun: currentDirectory) }

    /// The directory of the worker that has a run directory.
    package static func worker(ofRun directory: FilePath) -> FilePath {
        FilePath(root: directory.root, directory.components.dropLast(4))
    }

    /// Asks the supervisor to end its task, which may take up to the task's grace period.
    package func askToEnd() throws {
        // Check that the process ID still belongs to this supervisor.
        guard let descriptor = try ProcessDescriptor(process),
            ProcessTable.Entry(process).flatMap(SupervisorProcess.init) == self
        else { return }
        try descriptor.signal(SIGTERM)
    }

    /// - Returns: `nil` if the process is not a supervisor, belongs to another user, or has ended.
    private init?(_ entry: ProcessTable.Entry) {
        let own = "/proc/\(entry.id)"
        var status = stat()
        guard entry.name == ProcessTable.supervisorName, stat(own, &status) == 0, status.st_uid == geteuid(),
            case let arguments = ProcessTable.strings("cmdline", of: entry.id), arguments.count == 2
        else { return nil }
        process = entry.id
        directory = FilePath(arguments[1])
        place = Self.place(of: directory, own)
    }

    /// Determines where a supervisor's directory is now. The supervisor keeps the `launch` file of its run open, and the kernel knows
    /// the path of an open file, even after a move. It marks the file as deleted even if a new file has its name.
    ///
    /// - Parameter own: the directory of the process below `/proc`.
    private static func place(of directory: FilePath, _ own: String) -> Place {
        // A process that has ended has no open files.
        let descriptors = (try? LocalFiles.names(in: "\(own)/fd")) ?? []
        for descriptor in descriptors {
            let link = "\(own)/fd/\(descriptor)"
            guard let target = target(of: link) else { continue }
            if target.hasSuffix("/launch (deleted)") { return .removed }
            guard target.hasSuffix("/launch") else { continue }
            // In another mount namespace, such as that of a container, the path means another place.
            guard Self.target(of: "\(own)/ns/mnt") == Self.target(of: "/proc/self/ns/mnt") else { return .unchanged }
            let isUnchanged = isSameFile(directory.appending("launch").string, link)
            return isUnchanged ? .unchanged : .moved(to: FilePath(target).removingLastComponent())
        }
        return .unchanged
    }

    private static func isSameFile(_ path: String, _ other: String) -> Bool {
        var (left, right) = (stat(), stat())
        // If the open file cannot be examined, the process has just ended, and nothing was moved.
        guard stat(other, &right) == 0 else { return true }
        return stat(path, &left) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }

    private static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 16, alignment: 1) { buffer in
            let count = readlink(link, buffer.baseAddress!, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
