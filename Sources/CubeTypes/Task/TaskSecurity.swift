/// What a task may not do.
///
/// - Since: 0.1
public struct TaskSecurity: Hashable, Sendable {
    /// Whether neither the task nor what it starts may gain privileges, such as by `sudo` or another file with the set-user-ID
    /// bit. `nil`: yes for a task with a `user` other than root, and no for others.
    public var noNewPrivileges: Bool?

    public init(noNewPrivileges: Bool? = nil) { self.noNewPrivileges = noNewPrivileges }
}

extension TaskSecurity: Codable {
    enum CodingKeys: String, CodingKey {
        case noNewPrivileges = "no_new_privileges"
    }
}

extension TaskDefinition {
    /// Whether the task may gain privileges where ``security`` says nothing of it.
    package var forbidsNewPrivilegesByDefault: Bool {
        // A user that cannot be one never starts; nothing is granted to it.
        user.map { AccountName($0)?.isRoot != true } ?? false
    }

    /// Whether neither the task nor what it starts may gain privileges.
    package var forbidsNewPrivileges: Bool { security.noNewPrivileges ?? forbidsNewPrivilegesByDefault }
}
