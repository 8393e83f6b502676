import Glibc

/// Why a task cannot be started as it is declared. The run has failed then, and its restart policy says what follows.
struct StartRefusal: Error, CustomStringConvertible {
    let description: String
}

/// Whom a task runs as, in numbers.
struct TaskUser: Hashable, Sendable {
    var id: uid_t
    var group: gid_t
    var groups: [gid_t]
    var home: String

    /// The user that this worker runs as.
    static func current() -> TaskUser? { lookUp { getpwuid_r(geteuid(), $0, $1, $2, $3) } }

    /// Looks a user up by name or number.
    ///
    /// - Throws: where there is none, or where this worker may not become it.
    static func named(_ name: String) throws(StartRefusal) -> TaskUser {
        let number = uid_t(name)
        let found =
            if let number {
                lookUp { getpwuid_r(number, $0, $1, $2, $3) }
                    ?? TaskUser(id: number, group: number, groups: [number], home: "/")
            } else {
                lookUp { getpwnam_r(name, $0, $1, $2, $3) }
            }
        guard let found else { throw StartRefusal(description: "user: \"\(name)\" is not a user of this machine") }
        guard geteuid() == 0 || found.id == geteuid() else {
            throw StartRefusal(description: "user: \"\(name)\" needs a worker that runs as root")
        }
        return found
    }

    private typealias Search = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ search: Search) -> TaskUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 14) { buffer in
            guard search(&entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else { return nil }
            var count: Int32 = 256
            var groups = [gid_t](repeating: 0, count: Int(count))
            getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count)
            return TaskUser(
                id: entry.pw_uid, group: entry.pw_gid, groups: Array(groups.prefix(max(Int(count), 0))),
                home: String(cString: entry.pw_dir))
        }
    }
}
