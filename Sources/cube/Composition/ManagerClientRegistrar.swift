import CubeManagerClient
import CubeTypes
import CubeWorker

/// Registers a worker at its manager over HTTP.
struct ManagerClientRegistrar: ManagerRegistrar {
    /// Returns the client for a call. Called each time, because the address of the manager may change.
    let client: @Sendable () async throws -> ManagerClient

    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome { try await client().register(worker) }
}
