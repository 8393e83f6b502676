import CubeErrors

/// The response to `GET /volumes`: the named volumes of the cluster.
///
/// - Since: 0.1
public struct VolumeList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The volumes, sorted by owner and name.
    public var volumes: [VolumeInfo]

    public init(revision: Int, volumes: [VolumeInfo]) {
        self.revision = revision
        self.volumes = volumes
    }
}

/// A named volume: data on one node that outlive the tasks that use them.
///
/// - Since: 0.1
public struct VolumeInfo: Codable, Hashable, Sendable {
    /// The owner whose tasks can use the volume.
    public var owner: OwnerName
    /// The name of the volume, which is unique within the owner.
    public var name: VolumeName
    /// The node that has the volume. Only this node runs tasks that use the volume.
    public var node: NodeName
    /// Whether the volume can be used.
    public var state: VolumeState
    /// Why the node has not removed the volume yet; `nil` unless it is being removed.
    public var message: String?
    /// The tasks that use the volume and have not ended, by name and ordinal.
    public var tasks: [TaskSummary]
    /// The time at which the first task with the volume was placed.
    public var createdAt: Timestamp
    /// The revision of the last change of the volume.
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case owner, name, node, state, message, tasks, revision
        case createdAt = "created_at"
    }

    public init(
        owner: OwnerName, name: VolumeName, node: NodeName, state: VolumeState, message: String? = nil,
        tasks: [TaskSummary] = [], createdAt: Timestamp, revision: Int
    ) {
        self.owner = owner
        self.name = name
        self.node = node
        self.state = state
        self.message = message
        self.tasks = tasks
        self.createdAt = createdAt
        self.revision = revision
    }
}

extension VolumeInfo {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            owner: try container.decode(OwnerName.self, forKey: .owner),
            name: try container.decode(VolumeName.self, forKey: .name),
            node: try container.decode(NodeName.self, forKey: .node),
            state: try container.decode(VolumeState.self, forKey: .state),
            message: try container.readTextIfPresent(forKey: .message),
            tasks: try container.readElements([TaskSummary].self, forKey: .tasks),
            createdAt: try container.decode(Timestamp.self, forKey: .createdAt),
            revision: try container.decode(Int.self, forKey: .revision))
    }
}

/// Whether a volume can be used; an open set.
///
/// - Since: 0.1
public struct VolumeState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Tasks can use the volume.
    public static let ready: VolumeState = "ready"
    /// The removal of the volume was requested, and its node has not confirmed it yet.
    public static let removing: VolumeState = "removing"
}
