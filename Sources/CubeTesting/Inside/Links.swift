import CubeErrors
import CubeManager
import CubeTypes
import CubeWorker
import Synchronization

/// The connections between the manager and its workers.
final class Links: WorkerGateway {
    private let network: Network
    private let state = Mutex<(manager: RestartableManager?, workers: [String: WorkerService])>((nil, [:]))

    init(_ network: Network) { self.network = network }

    /// The URL of a node's worker. No socket listens there.
    static func url(of node: NodeName) -> String { "http://\(node):8080" }

    /// Removes all references, to break reference cycles.
    func disconnect() { state.withLock { $0 = (nil, [:]) } }

    func connect(_ manager: RestartableManager) { state.withLock { $0.manager = manager } }

    func connect(_ worker: WorkerService, of node: NodeName) {
        state.withLock { $0.workers[Self.url(of: node)] = worker }
    }

    private func call<Answer: Sendable>(
        _ url: String, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await network.call(url, operation)
        } catch is ConnectionLost {
            throw APIError(.unavailable, "\(url) is cut off")
        }
    }

    private func worker(_ url: String) throws(APIError) -> WorkerService {
        guard let worker = state.withLock({ $0.workers[url] }) else {
            throw APIError(.unavailable, "no worker listens at \(url)")
        }
        return worker
    }

    // MARK: From the manager to a worker

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        let worker = try worker(url)
        return try await call(url) {
            try await worker.list(since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait)
        }
    }

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask {
        let worker = try worker(url)
        return try await call(url) { try await worker.assign(assignment).task }
    }

    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask {
        let worker = try worker(url)
        return try await call(url) {
            try await worker.stop(id, placement: placement, term: term, cluster: cluster)
        }
    }

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask {
        let worker = try worker(url)
        return try await call(url) { try await worker.updateSettings(id, settings) }
    }

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        let worker = try worker(url)
        return try await call(url) { try await worker.logs(id, selection) }
    }
}

// MARK: - From a worker to the manager

extension Links: ManagerRegistrar {
    func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        guard let manager = state.withLock(\.manager)?.service else {
            throw APIError(.unavailable, "no manager is running")
        }
        return try await call(worker.url) { try await manager.register(worker) }
    }
}
