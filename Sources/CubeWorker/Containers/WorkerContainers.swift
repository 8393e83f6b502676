import CubeCore
import CubeSystem
package import CubeTypes
package import SystemPackage

/// The containers of a worker, for commands that act while the worker is not running.
package struct WorkerContainers: Sendable {
    private let engine: EngineClient
    private let labels: [String: String]

    /// Returns `nil` if the worker never ran a container, or belongs to no cluster.
    ///
    /// - Parameters:
    ///   - name: the name of the worker.
    ///   - directory: the worker's directory.
    ///   - records: the records of the worker in that directory.
    ///   - socket: the socket of the container engine; defaults to the one that the worker used.
    package static func find(
        of name: NodeName, in directory: FilePath, records: WorkerDirectory, socket: FilePath?
    ) throws -> WorkerContainers? {
        guard let used = try WorkerStore(directory: directory.string).engineSocket(),
            let cluster = try records.cluster()
        else { return nil }
        return WorkerContainers(
            engine: EngineClient(socket: socket?.string ?? used, clock: BootClock.timer),
            labels: [ContainerSpec.Label.worker: name.rawValue, ContainerSpec.Label.cluster: cluster.rawValue])
    }

    /// Returns the names of the containers that are running or paused, sorted.
    package func running() async throws -> [String] {
        try await engine.containers(with: labels).filter(\.isAlive).compactMap(\.name).sorted()
    }

    /// Stops the containers, each with the grace period of the engine, and removes them.
    package func end() async throws {
        try await engine.end(try await engine.containers(with: labels).compactMap(\.name))
    }
}

extension StoredTasks.Task {
    /// Whether the task is a container that has not ended, according to its record.
    package var isContainer: Bool { !hasEnded && assignment.definition.runtime == .docker }
}
