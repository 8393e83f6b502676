package import CubeTypes

/// How a worker makes itself known to its manager, which calls it from then on.
package protocol ManagerRegistrar: Sendable {
    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome
}
