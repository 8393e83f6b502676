import CubeErrors

/// The security restrictions of a task.
///
/// - Since: 0.1
public struct TaskSecurity: Hashable, Sendable {
    /// Whether the task and its child processes are prevented from gaining privileges, such as through `sudo` or another file with
    /// the set-user-ID bit. `nil` means `true` for a task whose `user` is not root, and `false` for other tasks.
    public var noNewPrivileges: Bool?

    public init(noNewPrivileges: Bool? = nil) { self.noNewPrivileges = noNewPrivileges }
}

extension TaskSecurity: Codable {
    enum CodingKeys: String, CodingKey {
        case noNewPrivileges = "no_new_privileges"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        noNewPrivileges = try container.readIfPresent(Bool.self, forKey: .noNewPrivileges)
    }
}

extension TaskDefinition {
    /// Whether the task is prevented from gaining privileges if ``security`` does not specify it.
    package var forbidsNewPrivilegesByDefault: Bool {
        // An invalid user counts as not root; a task with such a user never starts.
        user.map { AccountName($0)?.isRoot != true } ?? false
    }

    /// Whether the task and its child processes are prevented from gaining privileges.
    package var forbidsNewPrivileges: Bool { security.noNewPrivileges ?? forbidsNewPrivilegesByDefault }
}
