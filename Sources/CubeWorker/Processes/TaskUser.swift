import CubeCore
import CubeTypes
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

    /// Looks a user up, and the group where one is named. The user's other groups stay.
    ///
    /// - Returns: `nil` where a task as this user is run as the worker is.
    /// - Throws: where there is no such user or group, or where this worker may not become it.
    static func named(_ text: String) throws(StartRefusal) -> TaskUser? {
        let quoted = "user: \"\(text.shortened(to: 80))\""
        guard let account = AccountName(text) else {
            throw StartRefusal(description: "\(quoted) \(AccountName.rule)")
        }
        var found: TaskUser
        switch account.user {
        case .number(let number):
            found =
                lookUp { getpwuid_r(number, $0, $1, $2, $3) }
                ?? TaskUser(id: number, group: number, groups: [number], home: "/")
        case .name(let name):
            guard let user = lookUp({ getpwnam_r(name, $0, $1, $2, $3) }) else {
                throw StartRefusal(
                    description: "\(quoted): there is no user \"\(name.shortened(to: 80))\" on this machine")
            }
            found = user
        }
        switch account.group {
        case nil: break
        case .number(let number)?: found.become(number)
        case .name(let name)?:
            guard let group = group(named: name) else {
                throw StartRefusal(
                    description: "\(quoted): there is no group \"\(name.shortened(to: 80))\" on this machine")
            }
            found.become(group)
        }
        if geteuid() == 0 { return found }
        guard found.id == geteuid(), account.group == nil || found.group == getegid() else {
            throw StartRefusal(description: "\(quoted) needs a worker that runs as root")
        }
        return nil
    }

    /// Takes another group in the place of the user's own.
    private mutating func become(_ group: gid_t) {
        groups = [group] + groups.filter { $0 != self.group && $0 != group }
        self.group = group
    }

    private static func group(named name: String) -> gid_t? {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 16) { buffer in
            guard getgrnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return entry.gr_gid
        }
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
