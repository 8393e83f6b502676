import CubeErrors
import CubeServer
import CubeWorker
import Glibc

/// The number of open files that this program needs, based on measurements.
enum OpenFiles {
    /// Open files other than connections: the store, followed logs, and files of the runtime.
    private static let others = 256
    /// The maximum number of listeners in one process: a manager, a worker and a reconciler.
    private static let listeners = 3

    /// - Throws: A `Failure` if the limit is too low to start the services. The process would otherwise end halfway.
    static func requireForServices() throws { try require(32 + threads * filesPerThread + 32) }

    /// - Throws: A `Failure` if the limit is too low to call a manager.
    static func requireForClient() throws { try require(16 + threads * filesPerThread) }

    /// - Throws: `validation_failed` if the limit of open files is too low for that many connections.
    static func require(for limits: ServerLimits) throws(APIError) {
        let needed = limits.allConnections + others
        guard OpenFileLimit.soft < UInt64(needed) else { return }
        throw .invalid([
            ValidationError(
                field: "max-connections", value: "\(limits.connections)",
                message: "needs \(needed) open files, but the limit of this process is \(OpenFileLimit.soft); "
                    + "raise the limit (`ulimit -Hn`, or LimitNOFILE= in the systemd unit)")
        ])
    }

    /// Lowers the limits of one listener, so that all listeners together use at most half of the open files. The other
    /// half is for tasks.
    static func fit(_ limits: ServerLimits) -> ServerLimits {
        let free = Int(clamping: OpenFileLimit.soft) - others
        return limits.fitted(to: max(0, free / 2 / listeners))
    }

    private static func require(_ count: Int) throws {
        guard OpenFileLimit.soft < UInt64(count) else { return }
        throw Failure(
            "the limit of open files is \(OpenFileLimit.soft), but this process needs at least \(count)",
            hint: "raise the limit with `ulimit -n 65536`, or with LimitNOFILE= in the systemd unit")
    }

    /// The number of file descriptors that each thread that serves connections uses: for epoll, a timer and an event.
    private static let filesPerThread = 3
    private static var threads: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
