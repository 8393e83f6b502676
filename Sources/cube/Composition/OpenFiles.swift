import CubeErrors
import Glibc

/// How many files this process may have open: each connection is one.
enum OpenFiles {
    /// What is open besides connections: the store, logs that are followed, what the runtime needs.
    private static let others: UInt64 = 256

    /// Makes room for connections, as far as the system lets this process.
    ///
    /// - Throws: `validation_failed` where it does not let it have so many.
    static func allow(_ connections: Int) throws(APIError) {
        let needed = UInt64(connections) + others
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
            return
        }
        guard limit.rlim_max >= needed else {
            throw .invalid([
                ValidationError(
                    field: "max-connections", value: "\(connections)",
                    message: "needs \(needed) open files, and this process may have \(limit.rlim_max); "
                        + "raise its limit (`ulimit -Hn`, or LimitNOFILE= of systemd)")
            ])
        }
        limit.rlim_cur = rlim_t(needed)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
