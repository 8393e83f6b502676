import Glibc
import Synchronization

/// The limit on the open files of this process. A worker needs a few descriptors per task and one per connection.
package enum OpenFileLimit {
    private static let before = Mutex<UInt64?>(nil)

    /// The soft limit with which this process was started, if it has been raised since. Tasks get this limit.
    static var inherited: UInt64? { before.withLock(\.self) }

    /// The present soft limit.
    package static var soft: UInt64 { UInt64(read().rlim_cur) }

    /// The hard limit: the highest value to which this process may raise its soft limit.
    package static var hard: UInt64 { UInt64(read().rlim_max) }

    /// Raises the soft limit to the hard limit. The default soft limit is low for the sake of programs that use
    /// `select`, which Cube does not.
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
        // The call fails only for an unknown resource.
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }
}
