import CubeCore
import CubeManagerClient
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// The manager and the workers of a data directory, all in this process. They communicate over real sockets.
struct LocalParts {
    let manager: ManagerRole
    let workers: [WorkerRole]
    private let tokens: String

    /// - Parameters:
    ///   - worker: The worker to run; if `nil`, all workers that have run on the data directory before.
    init(
        data: DataDirectory, holder: String, managerListens: ListenOptions.Choice = .free,
        workerListens: ListenOptions.Choice = .free, worker: NodeName? = nil, secrets: FilePath? = nil,
        runtimes: Set<RuntimeKind> = [.process, .docker], allowances: NodeAllowances = .none,
        policy: SchedulingPolicy = .spread, prefersImages: Bool = true, log: DaemonLog
    ) {
        let manager = ManagerRole(
            data: data, listen: managerListens, holder: holder, policy: policy, prefersImages: prefersImages, log: log)
        let tokens = data.tokens.string
        self.manager = manager
        self.tokens = tokens
        let names = worker.map { [$0] } ?? data.workers
        workers = names.map { name in
            WorkerRole(
                data: data, name: name, listen: workerListens, holder: holder, secrets: secrets, runtimes: runtimes,
                allowances: allowances,
                manager: { try await Self.connection(to: manager, tokens: tokens, .worker) }, log: log)
        }
    }

    var services: [any Service] { [manager] + workers }

    /// The connection to the manager, as soon as it listens.
    func connection(_ role: TokenSet.Role) async throws -> Connection {
        try await Self.connection(to: manager, tokens: tokens, role)
    }

    /// Runs the parts while the body runs.
    func withClient<Result: Sendable>(
        _ body: @Sendable @escaping (ManagerClient) async throws -> Result
    ) async throws -> Result {
        try OpenFiles.requireForServices()
        let group = ServiceGroup(services)
        return try await withThrowingTaskGroup(of: Swift.Result<Result, any Error>?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                let outcome: Swift.Result<Result, any Error>
                do {
                    outcome = .success(try await body(try await connection(.write).client(CommandLog.quiet)))
                } catch {
                    outcome = .failure(error)
                }
                // Also after an error: the parts would log that they were cancelled.
                await group.triggerGracefulShutdown()
                return outcome
            }
            var outcome: Swift.Result<Result, any Error>?
            // The first error of a part ends both tasks and is thrown.
            for try await value in tasks { outcome = value ?? outcome }
            guard let outcome else { throw CancellationError() }
            return try outcome.get()
        }
    }

    private static func connection(
        to manager: ManagerRole, tokens: String, _ role: TokenSet.Role
    ) async throws -> Connection {
        let endpoint = try await manager.endpoint.value()
        // The tokens existed when the manager began to listen, so they were deleted since.
        guard let token = try TokenSet.token(of: role, in: tokens) else {
            let data = manager.data
            throw data.path.exists
                ? Failure(
                    "\(data.tokens.appending(role.rawValue)) was deleted; restart this process to create new tokens; tasks "
                        + "keep running")
                : Failure(
                    "\(data.path) was deleted or moved; put it back, or end this process and stop the running tasks with "
                        + data.command("down --orphans"))
        }
        return Connection(endpoint: endpoint, token: token)
    }
}
