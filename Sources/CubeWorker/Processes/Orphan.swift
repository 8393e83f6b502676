package import SystemPackage
import Glibc

/// Supervisors of this user whose run directory is gone: someone removed the data directory while tasks ran.
package struct Orphan: Hashable, Sendable {
    package let process: Int32
    /// Where its run directory was.
    package let directory: FilePath

    /// All of them, by process number.
    package static func all() -> [Orphan] {
        ProcessTable.read().entries.values.compactMap { entry in
            guard entry.name == ProcessTable.supervisorName, isOwn(entry.id) else { return nil }
            let arguments = ProcessTable.strings("cmdline", of: entry.id)
            guard arguments.count == 2, access(arguments[1], F_OK) != 0, errno == ENOENT else { return nil }
            return Orphan(process: entry.id, directory: FilePath(arguments[1]))
        }
        .sorted { $0.process < $1.process }
    }

    /// Asks its task to end, which may take the task's own grace time, and waits for it.
    package func stop() async throws {
        guard let process = try ProcessDescriptor(process), Orphan.all().contains(self) else { return }
        try process.signal(SIGTERM)
        try await process.end()
    }

    private static func isOwn(_ id: pid_t) -> Bool {
        var status = stat()
        return stat("/proc/\(id)", &status) == 0 && status.st_uid == geteuid()
    }
}
