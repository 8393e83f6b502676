import CubeManagerClient
import CubeTypes
import CubeWorker

/// The worker's way to its manager.
struct ManagerClientRegistrar: ManagerRegistrar {
    let client: ManagerClient

    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome { try await client.register(worker) }
}
