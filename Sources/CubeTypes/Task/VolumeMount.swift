import CubeErrors

/// A directory that is mounted into the container of a task.
///
/// - Since: 0.1
public struct VolumeMount: Hashable, Sendable {
    /// What is mounted.
    public var source: Source
    /// The absolute path in the container.
    public var target: String
    /// Whether the container can only read. Always `false` for scratch space.
    public var isReadOnly: Bool

    /// What is mounted.
    ///
    /// - Since: 0.1
    public enum Source: Hashable, Sendable {
        /// A directory or a file of the node, by its absolute path.
        case path(String)
        /// A named volume. It belongs to the owner of the task and to one node, and outlives the task.
        case volume(VolumeName)
        /// Empty memory of at most this size, which ends with the run.
        case scratch(bytes: Int)
    }

    /// Mounts something at an absolute path in the container.
    public init(_ source: Source, target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

extension VolumeMount: Codable {
    enum CodingKeys: String, CodingKey {
        case source, name, scratch, target
        case isReadOnly = "read_only"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let source: Source =
            if let name = try container.readIfPresent(VolumeName.self, forKey: .name) {
                .volume(name)
            } else if let bytes = try container.readIfPresent(Int.self, forKey: .scratch) {
                .scratch(bytes: bytes)
            } else {
                .path(try container.decode(String.self, forKey: .source))
            }
        self.init(
            source, target: try container.decode(String.self, forKey: .target),
            isReadOnly: try container.readIfPresent(Bool.self, forKey: .isReadOnly) ?? false)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch source {
        case .path(let path): try container.encode(path, forKey: .source)
        case .volume(let name): try container.encode(name, forKey: .name)
        case .scratch(let bytes): try container.encode(bytes, forKey: .scratch)
        }
        try container.encode(target, forKey: .target)
        if isReadOnly { try container.encode(true, forKey: .isReadOnly) }
    }
}

extension TaskDefinition {
    /// The named volumes of the task, sorted and without duplicates.
    public var volumeNames: [VolumeName] {
        Set(
            volumes.compactMap { mount in
                if case .volume(let name) = mount.source { name } else { nil }
            }
        ).sorted()
    }
}
