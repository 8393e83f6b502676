package import CubeTypes
import Glibc
package import SystemPackage

/// A living `cube-supervisor` process of this user, started by any worker.
package struct SupervisorProcess: Hashable, Sendable {
    package let process: Int32
    /// The directory of its run, as passed at its start.
    package let directory: FilePath
    /// Whether the directory was removed while the task was running.
    package let isOrphan: Bool

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

    /// The directory of the worker that started the process.
    package var worker: FilePath { FilePath(root: directory.root, directory.components.dropLast(4)) }

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
        // The supervisor keeps the `launch` file of its run open. The kernel marks the file as deleted even if a new
        // file has its name. A process that has ended has no open files.
        let descriptors = (try? LocalFiles.names(in: "\(own)/fd")) ?? []
        isOrphan = descriptors.contains {
            Self.target(of: "\(own)/fd/\($0)")?.hasSuffix("/launch (deleted)") ?? false
        }
    }

    private static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 16, alignment: 1) { buffer in
            let count = readlink(link, buffer.baseAddress!, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
