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
        found(Glibc.group(), { getgrnam_r(name, $0, $1, $2, $3) }) { $0.gr_gid }
    }

    static func lookUp(_ search: Search<passwd>) -> TaskUser? {
        found(passwd(), search) { entry in
            TaskUser(
                id: entry.pw_uid, group: entry.pw_gid, groups: groups(of: entry.pw_name, with: entry.pw_gid),
                home: String(cString: entry.pw_dir))
        }
    }

    private static func groups(of user: UnsafePointer<CChar>, with own: gid_t) -> [gid_t] {
        var groups = [gid_t](repeating: 0, count: 64)
        while true {
            var count = Int32(groups.count)
            if getgrouplist(user, own, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            // It says how many there are, which may have become more meanwhile.
            groups = [gid_t](repeating: 0, count: max(Int(count), 2 * groups.count))
        }
    }

    /// One of the functions that look for an entry of a database and put what it points to into a buffer.
    typealias Search<Entry> = (
        UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32

    /// The most that an entry may take: a group has any number of members.
    private static let longestEntry = 1 << 24

    private static func found<Entry, Value>(
        _ empty: Entry, _ search: Search<Entry>, _ value: (Entry) -> Value
    ) -> Value? {
        var size = 1 << 10
        while size <= longestEntry {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            var (entry, result) = (empty, nil as UnsafeMutablePointer<Entry>?)
            let error = search(&entry, buffer, size, &result)
            if error != ERANGE { return error == 0 && result != nil ? value(entry) : nil }
            size *= 4
        }
        return nil
    }
}
