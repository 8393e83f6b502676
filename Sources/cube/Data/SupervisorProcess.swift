import Glibc
import SystemPackage

/// A living `cube-supervisor` of this user.
struct SupervisorProcess: Hashable, Sendable {
    let process: pid_t
    /// The directory of its run, as it was when it started.
    let directory: FilePath
    /// Whether that directory is gone.
    let isOrphan: Bool

    static func all() -> [SupervisorProcess] {
        DirectoryEntries.names(in: "/proc").compactMap { pid_t($0) }.sorted().compactMap(SupervisorProcess.init)
    }

    /// Those whose runs stand, or stood, below a data directory.
    static func all(below data: DataDirectory) -> [SupervisorProcess] {
        all().filter { $0.directory.starts(with: data.path) }
    }

    /// - Returns: `nil` for a process that is none, is not this user's, or ended meanwhile.
    private init?(_ process: pid_t) {
        let own = FilePath("/proc/\(process)")
        var status = stat()
        guard stat(own.string, &status) == 0, status.st_uid == geteuid(),
            // A process may end at any moment.
            let command = try? AtomicFile.read(own.appending("comm")), command == Array("cube-supervisor\n".utf8),
            let arguments = try? AtomicFile.read(own.appending("cmdline"))
        else { return nil }
        let words = arguments.split(separator: 0, omittingEmptySubsequences: false)
        guard words.count > 1 else { return nil }
        self.process = process
        directory = FilePath(String(decoding: words[1], as: UTF8.self))
        // It holds its run's `launch` open. The kernel says whether that is gone, whatever was made anew at the same place.
        isOrphan = DirectoryEntries.names(in: own.appending("fd")).contains { name in
            Self.link(own.appending("fd").appending(name))?.hasSuffix("/launch (deleted)") ?? false
        }
    }

    private static func link(_ path: FilePath) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 16)
        let count = buffer.withUnsafeMutableBytes { readlink(path.string, $0.baseAddress!, $0.count) }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}

/// The names in a directory, without `.` and `..`; none where it cannot be read.
enum DirectoryEntries {
    static func names(in path: FilePath) -> [String] {
        guard let directory = opendir(path.string) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
