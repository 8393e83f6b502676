import CubeErrors
import CubeManager
import CubeTypes
import CubeWorker
import Synchronization

/// The ways between a manager and its workers, which a test may cut.
final class Links: WorkerGateway {
    private struct State {
        var manager: ManagerService?
        var workers: [String: WorkerService] = [:]
        var cut: Set<String> = []
        /// What is under way, by the address of its worker.
        var calls: [Int: (url: String, isOver: AsyncStream<Never>.Continuation)] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    /// Where the manager reaches the worker of a node. Nothing listens there.
    static func url(of node: NodeName) -> String { "http://\(node):8080" }

    func connect(_ manager: ManagerService) { state.withLock { $0.manager = manager } }

    func connect(_ worker: WorkerService, of node: NodeName) {
        state.withLock { $0.workers[Self.url(of: node)] = worker }
    }

    /// Lets nothing through to a node or from it; what is under way fails.
    func cut(_ node: NodeName) {
        let url = Self.url(of: node)
        let calls = state.withLock { state in
            state.cut.insert(url)
            return state.calls.values.filter { $0.url == url }
        }
        for call in calls { call.isOver.finish() }
    }

    func mend(_ node: NodeName) { state.withLock { _ = $0.cut.remove(Self.url(of: node)) } }

    /// Makes a call, which fails when the way is cut, also on its way back.
    private func call<Answer: Sendable>(
        _ url: String, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let (ends, isOver) = AsyncStream.makeStream(of: Never.self)
        let number = try state.withLock { state in
            guard !state.cut.contains(url) else { throw Self.isCut(url) }
            state.last += 1
            state.calls[state.last] = (url, isOver)
            return state.last
        }
        defer { state.withLock { _ = $0.calls.removeValue(forKey: number) } }
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await operation() }
            group.addTask {
                for await _ in ends {}
                throw Self.isCut(url)
            }
            // Two were added, so there is a first.
            let answer = try await group.next()!
            guard !state.withLock({ $0.cut.contains(url) }) else { throw Self.isCut(url) }
            return answer
        }
    }

    private static func isCut(_ url: String) -> APIError { APIError(.unavailable, "\(url) is cut off") }

    private func worker(_ url: String) throws(APIError) -> WorkerService {
        guard let worker = state.withLock({ $0.workers[url] }) else {
            throw APIError(.unavailable, "no worker is at \(url)")
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
        guard let manager = state.withLock(\.manager) else {
            throw APIError(.unavailable, "there is no manager yet")
        }
        return try await call(worker.url) { try await manager.register(worker) }
    }
}
