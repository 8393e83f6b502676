import CubeCore
import CubeErrors
package import CubeTypes
import HashTreeCollections

// MARK: - Volumes

extension ManagerService {
    package func volumes() async throws -> VolumeList {
        let volumes = state.records.volumes.values.sorted { $0.key < $1.key }
        return VolumeList(
            revision: state.revision, volumes: volumes.map { state.info(of: $0, message: volumeComplaints[$0.key]) })
    }

    /// Removes a volume with its data, and waits up to `wait` until its node has confirmed the removal. See
    /// ``ClusterTransaction/remove(_:from:isGone:)``.
    ///
    /// - Throws: also `timeout`, if the node has not confirmed the removal in time. The manager goes on with the removal.
    package func removeVolume(
        _ name: VolumeName, of owner: OwnerName, from node: NodeName?, isGone: Bool, wait: Duration
    ) async throws {
        let key = VolumeKey(owner: owner, name: name)
        try await write { (transaction) throws(APIError) in
            try transaction.remove(key, from: node, isGone: isGone)
        }
        let isRemoved: Void? = try await self.wait(for: .volumes, upTo: wait) {
            state.records.volumes[key]?.isRemoving == true ? nil : ()
        }
        guard isRemoved == nil, let volume = state.records.volumes[key] else { return }
        let cause = volumeComplaints[key].map { ": \($0)" } ?? ""
        throw APIError(
            .timeout,
            "\(volume.place), which has not removed it yet\(cause); the manager repeats the removal until it succeeds",
            retry: false)
    }

    /// Records that the worker of a node confirmed the removal of a volume.
    func observeRemoved(_ key: VolumeKey, on node: NodeName) async throws {
        try await write { (transaction) throws(APIError) in transaction.observeRemoved(key, on: node) }
        volumeComplaints[key] = nil
    }

    /// Records why a worker did not remove a volume.
    func complain(of key: VolumeKey, _ error: any Error) {
        guard state.records.volumes[key]?.isRemoving == true else { return }
        volumeComplaints[key] = ((error as? APIError)?.message ?? "\(error)").shortened(to: TextBounds.message)
    }
}
