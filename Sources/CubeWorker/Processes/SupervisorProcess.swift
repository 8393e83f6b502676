package import CubeTypes
import Glibc
package import SystemPackage

/// A living `cube-supervisor` of this user, whichever worker started it.
package struct SupervisorProcess: Hashable, Sendable {
    package let process: Int32
    /// The directory of its run, as it was when it started.
    package let directory: FilePath
    /// Whether that directory is gone: someone removed it while the task ran.
    package let isOrphan: Bool

    /// All of them, by process number.
    package static func all() -> [SupervisorProcess] {
        ProcessTable.read().entries.values.compactMap(SupervisorProcess.init).sorted { $0.process < $1.process }
    }

    /// Those whose runs stand, or stood, below a directory.
    package static func all(below directory: FilePath) -> [SupervisorProcess] {
        all().filter { $0.directory.starts(with: directory) }
    }

    /// The task that it supervises.
    package var task: TaskID? {
        // Of `WORKER/tasks/ID/runs/RUN`.
        directory.components.dropLast(2).last.flatMap { TaskID(rawValue: $0.string) }
    }

    /// The directory of its worker.
    package var worker: FilePath { FilePath(root: directory.root, directory.components.dropLast(4)) }

    /// Asks it to end its task, which may take the task's own grace time.
    package func askToEnd() throws {
        // That it is still the same one is asked of it alone: all of them may be asked to end.
        guard let descriptor = try ProcessDescriptor(process),
            ProcessTable.Entry(process).flatMap(SupervisorProcess.init) == self
        else { return }
        try descriptor.signal(SIGTERM)
    }

    /// - Returns: `nil` for a process that is none, is another user's, or ended meanwhile.
    private init?(_ entry: ProcessTable.Entry) {
        let own = "/proc/\(entry.id)"
        var status = stat()
        guard entry.name == ProcessTable.supervisorName, stat(own, &status) == 0, status.st_uid == geteuid(),
            case let arguments = ProcessTable.strings("cmdline", of: entry.id), arguments.count == 2
        else { return nil }
        process = entry.id
        directory = FilePath(arguments[1])
        // It holds its run's `launch` open. The kernel says whether that is gone, whatever was made anew in its place. One
        // that has ended meanwhile has no open files.
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
