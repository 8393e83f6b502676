import CubeCore
import CubeSystem
import Glibc
package import SystemPackage

/// The running containers of workers of a data directory whose records are gone. No manager can stop them, and Cube would start
/// their tasks a second time.
package struct OrphanContainers: Sendable {
    /// The names of the containers, sorted.
    package let names: [String]
    private let engine: EngineClient

    package var isEmpty: Bool { names.isEmpty }

    /// Asks the container engine of this machine, if there is one.
    ///
    /// - Parameters:
    ///   - places: the paths of the data directory, of which one may lead through a link.
    ///   - socket: the socket of the engine; defaults to the usual ones.
    /// - Throws: if the engine does not respond.
    package static func find(at places: [FilePath], socket: FilePath?) async throws -> OrphanContainers {
        let engine = EngineClient(socket: socket?.string ?? EngineSocket.usual, clock: BootClock.timer)
        guard access(engine.socket, F_OK) == 0 else { return OrphanContainers(names: [], engine: engine) }
        let orphans = try await engine.containers(labelled: ContainerSpec.Label.directory).filter { container in
            guard container.isAlive, let directory = container.labels[ContainerSpec.Label.directory],
                let task = container.labels[ContainerSpec.Label.task],
                places.contains(where: { FilePath(directory).starts(with: $0) })
            else { return false }
            return access("\(directory)/tasks/\(task)", F_OK) != 0
        }
        return OrphanContainers(names: orphans.compactMap(\.name).sorted(), engine: engine)
    }

    /// Stops the containers, each with the grace period of the engine, and removes them.
    package func end() async throws { try await engine.end(names) }
}
