import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// The machine that a worker runs on.
enum Machine {
    /// Changes with each start of the machine. A worker must know it: runs of another boot are over.
    static func bootID() throws -> String {
        guard !BootClock.boot.isEmpty else {
            throw APIError(.unavailable, "the kernel does not tell which start of the machine this is (boot_id)")
        }
        return BootClock.boot
    }

    static var cores: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

    /// The limit of the stack of what this process starts, in bytes; `nil` where there is none.
    static var stackLimit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0, limit.rlim_cur != .max else {
            return nil
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// What there is in all.
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

    /// Of the file system with a directory.
    static func disk(_ directory: String) throws -> (total: Int, available: Int) {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { throw Errno(rawValue: errno) }
        let block = Int(status.f_frsize)
        return (Int(status.f_blocks) * block, Int(status.f_bavail) * block)
    }

    /// The average of one minute.
    static func load() throws -> Double { Double(try words("/proc/loadavg").first ?? "") ?? 0 }

    static func uptimeSeconds() throws -> Int { Int(Double(try words("/proc/uptime").first ?? "") ?? 0) }

    private static func words(_ path: String) throws -> [Substring] {
        String(decoding: try LocalFiles.read(path) ?? [], as: UTF8.self).split(separator: " ")
    }
}
