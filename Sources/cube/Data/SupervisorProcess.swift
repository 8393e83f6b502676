import Glibc
import SystemPackage

/// A living `cube-supervisor` of this user.
struct SupervisorProcess: Hashable, Sendable {
    let process: pid_t
    /// Its task's directory.
    let directory: String
    /// Whether that directory is gone.
    let isOrphan: Bool

    static func all() -> [SupervisorProcess] {
        guard let proc = opendir("/proc") else { return [] }
        defer { closedir(proc) }
        var found: [SupervisorProcess] = []
        while let entry = readdir(proc) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let process = pid_t(name), let supervisor = SupervisorProcess(process) { found.append(supervisor) }
        }
        return found.sorted { $0.process < $1.process }
    }

    /// - Returns: `nil` for a process that is none, is not this user's, or ended meanwhile.
    private init?(_ process: pid_t) {
        let own = FilePath("/proc/\(process)")
        var status = stat()
        guard stat(own.string, &status) == 0, status.st_uid == geteuid(),
            // A process may end at any moment.
            let command = try? AtomicFile.read(own.appending("comm")),
            String(decoding: command, as: UTF8.self) == "cube-supervisor\n"
        else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 16)
        let count = readlink(own.appending("cwd").string, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let directory = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.process = process
        // The kernel says so itself, whatever was made anew at the same place.
        isOrphan = directory.hasSuffix(" (deleted)")
        self.directory = isOrphan ? String(directory.dropLast(" (deleted)".count)) : directory
    }
}
