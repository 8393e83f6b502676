/// The key of a named volume. Tasks of different owners never share a volume.
///
/// - Since: 0.1
public struct VolumeKey: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// The owner of the tasks that use the volume.
    public let owner: OwnerName
    /// The name of the volume.
    public let name: VolumeName

    public init(owner: OwnerName, name: VolumeName) {
        self.owner = owner
        self.name = name
    }

    public var description: String { "\(owner)/\(name)" }

    public static func < (left: VolumeKey, right: VolumeKey) -> Bool {
        (left.owner, left.name) < (right.owner, right.name)
    }
}
