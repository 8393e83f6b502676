package import CubeTypes

/// Registers a worker with its manager. From then on, the manager calls the worker.
package protocol ManagerRegistrar: Sendable {
    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome
}
