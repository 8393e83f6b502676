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
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList {
        let worker = try worker(url)
        return try await call(url) {
            try await worker.list(
                since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait, renewing: lease)
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

    func carryOut(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult] {
        let worker = try worker(url)
        return try await call(url) { try await worker.carryOut(batch) }
    }

    func metrics(at url: String) async throws -> WorkerMetrics {
        let worker = try worker(url)
        return try await call(url) { try await worker.metrics() }
    }

    func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID, at url: String
    ) async throws -> (session: ExecSession, created: Bool) {
        let worker = try worker(url)
        return try await call(url) { try await worker.exec(request, as: session, in: task) }
    }

    func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration, at url: String
    ) async throws -> ExecOutput {
        let worker = try worker(url)
        return try await call(url) { try await worker.execOutput(session, of: task, after: offset, wait: wait) }
    }

    func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration, at url: String
    ) async throws -> ExecReceipt {
        let worker = try worker(url)
        return try await call(url) { try await worker.execInput(input, to: session, of: task, wait: wait) }
    }

    func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize, at url: String) async throws {
        let worker = try worker(url)
        try await call(url) { try worker.resizeExec(session, of: task, to: size) }
    }

    func endExec(_ session: ExecID, of task: TaskID, at url: String) async throws {
        let worker = try worker(url)
        try await call(url) { try worker.endExec(session, of: task) }
    }

    func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID, at url: String
    ) async throws {
        let worker = try worker(url)
        try await call(url) { try await worker.removeVolume(name, of: owner, term: term, cluster: cluster) }
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
