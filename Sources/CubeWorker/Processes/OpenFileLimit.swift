import Glibc
import Synchronization

/// How many files this process may have open. Each task costs its worker a few, each connection one.
package enum OpenFileLimit {
    private static let before = Mutex<UInt64?>(nil)

    /// The soft limit that this process was started with, where it was raised since: what a task is to have.
    static var inherited: UInt64? { before.withLock(\.self) }

    /// The soft limit now.
    package static var soft: UInt64 { UInt64(read().rlim_cur) }

    /// The most that this process may give itself.
    package static var hard: UInt64 { UInt64(read().rlim_max) }

    /// Raises the soft limit to the hard one. The soft limit is low for programs that use `select`, and none of ours does.
    package static func raise() {
        var limit = read()
        guard limit.rlim_cur < limit.rlim_max else { return }
        let soft = UInt64(limit.rlim_cur)
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        before.withLock { $0 = $0 ?? soft }
    }

    private static func read() -> rlimit {
        var limit = rlimit()
        // It fails for an unknown resource alone.
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }
}
