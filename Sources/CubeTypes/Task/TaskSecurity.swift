import CubeErrors

/// The security restrictions of a task.
///
/// - Since: 0.1
public struct TaskSecurity: Hashable, Sendable {
    /// Whether the task and its child processes are prevented from gaining privileges, such as through `sudo` or another file with
    /// the set-user-ID bit. `nil` means `true` for a task whose `user` is not root, and `false` for other tasks.
    public var noNewPrivileges: Bool?
    /// Whether the root file system of the container is read-only.
    public var readOnlyRoot: Bool
    /// The capabilities of Linux that the container has in addition to the usual ones, without `CAP_`. The node must allow them.
    public var capabilities: [String]
    /// The devices of the node that the container can use, as absolute paths. The node must allow them.
    public var devices: [String]

    public init(
        noNewPrivileges: Bool? = nil, readOnlyRoot: Bool = false, capabilities: [String] = [], devices: [String] = []
    ) {
        self.noNewPrivileges = noNewPrivileges
        self.readOnlyRoot = readOnlyRoot
        self.capabilities = capabilities
        self.devices = devices
    }
}

extension TaskSecurity: Codable {
    enum CodingKeys: String, CodingKey {
        case capabilities, devices
        case noNewPrivileges = "no_new_privileges"
        case readOnlyRoot = "read_only_root"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        noNewPrivileges = try container.readIfPresent(Bool.self, forKey: .noNewPrivileges)
        readOnlyRoot = try container.readIfPresent(Bool.self, forKey: .readOnlyRoot) ?? false
        capabilities = try container.readElementsIfPresent([String].self, forKey: .capabilities) ?? []
        devices = try container.readElementsIfPresent([String].self, forKey: .devices) ?? []
    }

    /// Leaves out what has its default, so that a worker of an older version reads the same.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(noNewPrivileges, forKey: .noNewPrivileges)
        if readOnlyRoot { try container.encode(readOnlyRoot, forKey: .readOnlyRoot) }
        if !capabilities.isEmpty { try container.encode(capabilities, forKey: .capabilities) }
        if !devices.isEmpty { try container.encode(devices, forKey: .devices) }
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
