import CubeManagerClient
import CubeTypes
import CubeWorker

/// The worker's way to its manager.
struct ManagerClientRegistrar: ManagerRegistrar {
    /// Asked before each call: the manager may be found again at another address.
    let client: @Sendable () async throws -> ManagerClient

    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome { try await client().register(worker) }
}
