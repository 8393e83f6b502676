import CubeTypes
import Glibc
import SystemPackage

/// The machine that a worker runs on.
enum Machine {
    /// Changes with each start of the machine.
    static func bootID() throws -> String {
        let bytes = try LocalFiles.read("/proc/sys/kernel/random/boot_id") ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
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

extension DurableInstant {
    /// The present moment on both clocks.
    ///
    /// - Parameter boot: the present boot, as ``Machine/bootID()`` says it.
    static func now(boot: String) -> DurableInstant {
        DurableInstant(
            boot: boot, uptime: .milliseconds(milliseconds(CLOCK_BOOTTIME)),
            wall: Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)))
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
