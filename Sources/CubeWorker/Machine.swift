import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// The machine that the worker runs on.
enum Machine {
    /// Returns the boot ID, which changes with each boot of the machine. A worker needs it because runs of an earlier
    /// boot have ended.
    static func bootID() throws -> String {
        guard !BootClock.boot.isEmpty else {
            throw APIError(.unavailable, "cannot read the machine's boot ID from /proc/sys/kernel/random/boot_id")
        }
        return BootClock.boot
    }

    static var cores: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

    /// The stack size limit that the processes started by this process inherit, in bytes; `nil` if there is no limit.
    static var stackLimit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0, limit.rlim_cur != .max else {
            return nil
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Returns the machine's total CPU, memory and disk space.
    static func capacity(directory: String) throws -> ResourceSpec {
        ResourceSpec(millicores: cores * 1000, memory: try memory().total, disk: try disk(directory).total)
    }

    static func memory() throws -> (total: Int, available: Int) {
        let text = String(decoding: try LocalFiles.read("/proc/meminfo") ?? [], as: UTF8.self)
        func bytes(_ key: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
        }
        return (bytes("MemTotal"), bytes("MemAvailable"))
    }

    /// Returns the size and the free space, in bytes, of the file system that holds a directory.
    static func disk(_ directory: String) throws -> (total: Int, available: Int) {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { throw Errno(rawValue: errno) }
        let block = Int(status.f_frsize)
        return (Int(status.f_blocks) * block, Int(status.f_bavail) * block)
    }

    /// Returns the load average over one minute.
    static func load() throws -> Double { Double(try words("/proc/loadavg").first ?? "") ?? 0 }

    static func uptimeSeconds() throws -> Int { Int(Double(try words("/proc/uptime").first ?? "") ?? 0) }

    private static func words(_ path: String) throws -> [Substring] {
        String(decoding: try LocalFiles.read(path) ?? [], as: UTF8.self).split(separator: " ")
    }
}
