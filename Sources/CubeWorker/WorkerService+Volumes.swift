import CubeCore
import CubeErrors
package import CubeTypes
import Logging

extension WorkerService {
    /// Removes a named volume with its data. A missing volume is no error.
    ///
    /// - Throws: `stale_term`, `foreign_cluster`; `conflict` if a task of this worker uses the volume; `unavailable` if the container
    ///   engine does not remove it.
    package func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID
    ) async throws {
        try accept(cluster: cluster, term: term)
        let first = try store.volumeCluster(else: cluster)
        let volume = NodeVolume(name, of: owner, cluster: first, worker: options.name)
        for case .placement(let placement) in table.records
        where placement.endedAt == nil
            && placement.assignment.volumes(on: options.name, namedIn: first).contains(volume)
        {
            throw APIError(
                .conflict,
                "volume \(name) is used by task \(placement.assignment.definition.name)/\(placement.assignment.ordinal) on "
                    + "worker \(options.name)")
        }
        // A worker without an engine may have had one before.
        guard try runtime.accepts(.docker) || store.engine(of: volume) != nil else { return }
        do {
            try await runtime.removeVolume(volume)
        } catch let error as EngineError {
            throw APIError(error.isConflict ? .conflict : .unavailable, "cannot remove volume \(name): \(error)")
        }
    }

    /// Returns the named volumes whose data this worker has, for its manager; `nil` if they cannot be read, so that the manager does
    /// not take them for missing.
    func volumes(in cluster: ClusterID) -> [VolumeKey]? {
        do {
            return try store.volumes(of: options.name, in: cluster)
        } catch {
            logger.warning("cannot list the named volumes: \(error)")
            return nil
        }
    }
}
