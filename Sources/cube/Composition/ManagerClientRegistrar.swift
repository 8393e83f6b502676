import CubeManagerClient
import CubeTypes
import CubeWorker

/// Registers a worker at its manager over HTTP.
struct ManagerClientRegistrar: ManagerRegistrar {
    /// Returns the client for a call. Called each time, because the address of the manager may change.
    let client: @Sendable () async throws -> ManagerClient

    /// Handles an error of a call before the worker reports it.
    var explain: @Sendable (any Error) -> any Error = { $0 }

    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        do { return try await client().register(worker) } catch { throw explain(error) }
    }
}
