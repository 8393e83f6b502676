package import CubeTypes

/// The manager's record of a named volume: the node that has it.
///
/// The record is written in the transaction that places the first task with the volume. It outlives all tasks, so that no task
/// ever starts on another node, with an empty volume instead of its data.
package struct VolumeRecord: Hashable, Codable, Sendable {
    package let key: VolumeKey
    package let node: NodeName
    /// Whether the removal was requested. The worker of the node is called until it confirms that the volume is gone.
    package var isRemoving = false
    /// Whether a task with the volume has run. From then on, the node must not create the volume anew.
    package var hasData = false
    package let createdAt: Timestamp
    package var revision: Int

    package init(
        key: VolumeKey, node: NodeName, hasData: Bool = false, createdAt: Timestamp = Timestamp(milliseconds: 0),
        revision: Int = 0
    ) {
        self.key = key
        self.node = node
        self.hasData = hasData
        self.createdAt = createdAt
        self.revision = revision
    }

    /// Creates a record for a forecast, from the description of a volume.
    init(_ volume: VolumeInfo) {
        self.init(
            key: VolumeKey(owner: volume.owner, name: volume.name), node: volume.node, createdAt: volume.createdAt,
            revision: volume.revision)
        isRemoving = volume.state == .removing
    }

    /// The name and the node, worded for a message: `volume pgdata is on node w1`.
    package var place: String { "volume \(key.name) is on node \(node)" }
}
