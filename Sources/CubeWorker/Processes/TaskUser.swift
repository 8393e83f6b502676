import CubeCore
import CubeTypes
import Glibc

/// The reason why a task cannot be started as declared. The run counts as failed, and the restart policy decides what follows.
struct StartRefusal: Error, CustomStringConvertible {
    let description: String
}

/// The user that a task runs as, in numeric IDs.
struct TaskUser: Hashable, Sendable {
    var id: uid_t
    var group: gid_t
    var groups: [gid_t]
    var home: String

    /// Returns the user that this worker runs as.
    static func current() -> TaskUser? { lookUp { getpwuid_r(geteuid(), $0, $1, $2, $3) } }

    /// Looks up a user and, if specified, a group that replaces the user's primary group. The supplementary groups stay.
    ///
    /// - Returns: `nil` if the task runs as the worker's own user.
    /// - Throws: if the user or group does not exist, or if this worker has no permission to switch to it.
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

    /// Replaces the primary group.
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
            // The call returns the required count, which may have grown since.
            groups = [gid_t](repeating: 0, count: max(Int(count), 2 * groups.count))
        }
    }

    /// A libc function that looks up a database entry and stores what the entry points to in a buffer.
    typealias Search<Entry> = (
        UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32

    /// The maximum size of an entry, in bytes. A group may have any number of members.
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
