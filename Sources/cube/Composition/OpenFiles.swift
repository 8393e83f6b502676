import CubeErrors
import CubeServer
import CubeWorker
import Glibc

/// What this program needs of the limit of open files, by numbers that were measured on it.
enum OpenFiles {
    /// What is open besides connections: the store, logs that are followed, what the runtime needs.
    private static let others = 256
    /// A manager, a worker and a reconciler listen at most in one process.
    private static let listeners = 3

    /// - Throws: Where a process with this limit could not even start its parts, and would end in the middle.
    static func requireForServices() throws { try require(32 + threads * filesPerThread + 32) }

    /// - Throws: Where a process with this limit could not even call a manager.
    static func requireForClient() throws { try require(16 + threads * filesPerThread) }

    /// - Throws: `validation_failed` where the system does not let this process have so many connections.
    static func require(for limits: ServerLimits) throws(APIError) {
        let needed = limits.allConnections + others
        guard OpenFileLimit.soft < UInt64(needed) else { return }
        throw .invalid([
            ValidationError(
                field: "max-connections", value: "\(limits.connections)",
                message: "needs \(needed) open files, and this process may have \(OpenFileLimit.soft); "
                    + "raise its limit (`ulimit -Hn`, or LimitNOFILE= of systemd)")
        ])
    }

    /// The limits of one listener with at most its part of half of the open files: the other half is for tasks.
    static func fit(_ limits: ServerLimits) -> ServerLimits {
        let free = Int(clamping: OpenFileLimit.soft) - others
        return limits.fitted(to: max(0, free / 2 / listeners))
    }

    private static func require(_ count: Int) throws {
        guard OpenFileLimit.soft < UInt64(count) else { return }
        throw Failure(
            "this process may have only \(OpenFileLimit.soft) files open, and needs at least \(count)",
            hint: "raise the limit: `ulimit -n 65536`, or LimitNOFILE= in the unit")
    }

    /// Each thread that serves connections has a selector, a clock and a waker.
    private static let filesPerThread = 3
    private static var threads: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
