import CubeCore
import CubeErrors
import CubeTypes

extension ContainerRuntime {
    /// Creates the named volumes of a task, unless they exist.
    ///
    /// - Throws: `StartRefusal` if a volume that has data is missing from the engine, so that no task starts with an empty volume
    ///   instead of its data.
    func prepareVolumes(of assignment: TaskAssignment) async throws {
        let cluster = try store.volumeCluster(else: assignment.cluster)
        for volume in assignment.volumes(on: worker, namedIn: cluster) {
            let root = try await engine.identify().root
            if try await engine.volume(volume.name) == nil {
                if let known = try store.engine(of: volume) {
                    let change = known == root ? "" : "; another engine, with its data in \(root), took its place"
                    throw missing(volume, from: "the engine that has its data in \(known)\(change)")
                }
                guard !assignment.existingVolumes.contains(volume.volume) else {
                    throw missing(volume, from: "this machine, although tasks of node \(worker) have used it")
                }
                try await engine.create(volume)
            }
            try store.save(volume, engine: root)
        }
    }

    private func missing(_ volume: NodeVolume, from place: String) -> StartRefusal {
        StartRefusal(
            description:
                "volume \(volume.volume) is missing from \(place). Restore the volume under the name \(volume.name), or remove it "
                + "from Cube to start with an empty one")
    }

    func removeVolume(_ volume: NodeVolume) async throws {
        let root = try await engine.identify().root
        if let known = try store.engine(of: volume), known != root {
            throw APIError(
                .conflict,
                "volume \(volume.volume) belongs to the engine that has its data in \(known), and the engine at "
                    + "\(engine.socket) has its data in \(root). Start the first engine again; if it is gone, delete "
                    + "\(store.file(of: volume))")
        }
        try await engine.removeVolume(volume.name)
        try store.remove(volume)
    }
}
