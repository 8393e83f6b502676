import CubeErrors
import CubeTransport
public import CubeTypes

// MARK: - Volumes

extension ManagerClient {
    /// Returns the named volumes of all owners, sorted by owner and name, with the tasks that use them.
    public func volumes() async throws -> VolumeList {
        try await transport.send(TransportRequest(.get, Self.path("volumes")))
    }

    /// Removes a named volume with its data.
    ///
    /// - Parameters:
    ///   - name: the name of the volume.
    ///   - owner: the owner of the volume.
    ///   - node: the node that has the volume; a volume on another node is not removed. `nil` for any node.
    ///   - forgetting: whether to drop only the record of the volume, because its node is gone. The data stay where they are.
    ///   - wait: how long the manager waits until the node has removed the volume.
    /// - Throws: `volume_not_found`; `conflict` if a task uses the volume, or if its node is silent (when forgetting: if it is not);
    ///   `timeout` if the node has not removed the volume in time. The manager then goes on with the removal.
    public func removeVolume(
        _ name: VolumeName, of owner: OwnerName, from node: NodeName? = nil, forgetting: Bool = false,
        wait: Duration = .seconds(15)
    ) async throws {
        try await transport.send(
            TransportRequest(
                .delete, Self.path("volumes", owner.rawValue, name.rawValue),
                query: ["node": node, "forget": forgetting ? true : nil], wait: wait, removes: .volumeNotFound))
    }
}
