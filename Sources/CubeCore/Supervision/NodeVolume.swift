package import CubeTypes

/// A named volume of one node: how a container engine knows it.
///
/// The name depends on the worker and on the first cluster in which it had a volume, so that workers that share an engine never
/// share a volume, and a worker that changes its cluster keeps its data.
package struct NodeVolume: Hashable, Sendable {
    package let owner: OwnerName
    package let volume: VolumeName
    /// The name of the engine's volume: readable first, then unique.
    package let name: String
    /// The labels of the engine's volume.
    package let labels: [String: String]

    /// - Parameter cluster: the first cluster in which the worker had a volume.
    package init(_ volume: VolumeName, of owner: OwnerName, cluster: ClusterID, worker: NodeName) {
        self.owner = owner
        self.volume = volume
        // Names contain no underscore, so the parts cannot run into each other.
        let place = Digest.sha256(of: Array("\(cluster)/\(worker)".utf8)).hexadecimal.prefix(12)
        name = "cube_\(owner)_\(volume)_\(place)"
        labels = [
            ContainerSpec.Label.cluster: cluster.rawValue, ContainerSpec.Label.worker: worker.rawValue,
            ContainerSpec.Label.owner: owner.rawValue, ContainerSpec.Label.volume: volume.rawValue,
        ]
    }

    /// Creates the volume that an engine knows by a name; `nil` if the name is not that of a volume of the worker.
    package init?(named name: String, cluster: ClusterID, worker: NodeName) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let owner = OwnerName(rawValue: parts[1]), let volume = VolumeName(rawValue: parts[2])
        else { return nil }
        self.init(volume, of: owner, cluster: cluster, worker: worker)
        guard self.name == name else { return nil }
    }

    package var key: VolumeKey { VolumeKey(owner: owner, name: volume) }
}

extension TaskAssignment {
    /// The named volumes of the task on a node, sorted by name.
    ///
    /// - Parameter cluster: the first cluster in which the worker had a volume.
    package func volumes(on worker: NodeName, namedIn cluster: ClusterID) -> [NodeVolume] {
        definition.volumeNames.map { NodeVolume($0, of: owner, cluster: cluster, worker: worker) }
    }
}
