import CubeErrors

/// What the tasks of a node may have beyond the safe default. The worker's own configuration decides it; by default, nothing is
/// allowed.
///
/// - Since: 0.1
public struct NodeAllowances: Codable, Hashable, Sendable {
    /// The capabilities of Linux that a container may have in addition to the usual ones, without `CAP_`, sorted.
    public var capabilities: [String]
    /// The devices of the node that a container may use, as absolute paths, sorted.
    public var devices: [String]
    /// Whether a container may use the network of the node instead of its own.
    public var hostNetwork: Bool
    /// The directories and files of the node that a task may mount, sorted by path.
    public var mounts: [AllowedMount]

    enum CodingKeys: String, CodingKey {
        case capabilities, devices, mounts
        case hostNetwork = "host_network"
    }

    public init(
        capabilities: [String] = [], devices: [String] = [], hostNetwork: Bool = false, mounts: [AllowedMount] = []
    ) {
        self.capabilities = capabilities
        self.devices = devices
        self.hostNetwork = hostNetwork
        self.mounts = mounts
    }

    /// The safe default.
    public static let none = NodeAllowances()
}

extension NodeAllowances {
    /// What cannot be read is not allowed.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            capabilities: try container.readElementsIfPresent([String].self, forKey: .capabilities) ?? [],
            devices: try container.readElementsIfPresent([String].self, forKey: .devices) ?? [],
            hostNetwork: try container.readIfPresent(Bool.self, forKey: .hostNetwork) ?? false,
            mounts: try container.readElementsIfPresent([AllowedMount].self, forKey: .mounts) ?? [])
    }
}

/// A directory or file of a node that tasks may mount, with everything below it.
///
/// - Since: 0.1
public struct AllowedMount: Codable, Hashable, Sendable {
    /// The absolute path on the node.
    public var path: String
    /// Whether tasks may only mount it read-only.
    public var readOnly: Bool

    enum CodingKeys: String, CodingKey {
        case path
        case readOnly = "read_only"
    }

    public init(path: String, readOnly: Bool = false) {
        self.path = path
        self.readOnly = readOnly
    }
}

extension AllowedMount {
    /// An entry without a readable `read_only` counts as unreadable, because it could allow too much.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.decode(String.self, forKey: .path)
        readOnly = try container.decode(Bool.self, forKey: .readOnly)
    }
}
