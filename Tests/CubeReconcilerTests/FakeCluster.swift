import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import Foundation
import Logging
import Synchronization
import Testing

@testable import CubeReconciler

/// A real manager with an in-memory store and one worker that carries out each call at once. Tests can cut the
/// connection between its reconcilers and the manager.
///
/// The trait ``Testing/Trait/cluster`` runs a cluster for each test, as ``current``.
final class FakeCluster: ClusterWriter {
    @TaskLocal static var current: FakeCluster?

    private struct State {
        var losesAnswer = false
        var delay = Duration.zero
        var lists = 0
        var batches: [BatchRequest] = []
    }

    /// The address of the manager in the ``network``.
    private static let place = "manager"

    /// The time of the cluster and of the reconcilers, whose work runs on its queue.
    let time: QueuedTime
    var clock: ManualClock { time.clock }
    private let manager: ManagerService
    private let network = Network()
    private let state = Mutex(State())

    private init(time: QueuedTime) async throws {
        self.time = time
        let clock = time.clock
        // Tests let days pass, and nothing here renews the lease of a worker.
        manager = try await ManagerService.open(
            store: MemoryStore(cluster: ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!),
            gateway: FakeWorkers(clock: clock), options: ManagerOptions(workerLease: .seconds(86_400), jitter: { 0 }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock, now: { clock.timestamp })
    }

    /// Runs a manager with a ready worker during the body.
    static func run(_ body: @Sendable (FakeCluster) async throws -> Void) async throws {
        // Manifests get their times from the wall clock.
        let start = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let time = QueuedTime(clock: ManualClock(start: start))
        let cluster = try await FakeCluster(time: time)
        try await time.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await cluster.manager.run() }
                defer { group.cancelAll() }
                try await time.pass { await cluster.manager.isReady }
                try await cluster.addWorker()
                try await body(cluster)
            }
        }
    }

    private func addWorker() async throws {
        _ = try await manager.register(
            WorkerInfo(
                name: NodeName(rawValue: "w1")!, version: "0", url: "unix:/w1", runtimes: ["process"],
                capacity: ResourceSpec(millicores: 100_000, memory: 1 << 40, disk: 1 << 40), bootID: "boot",
                incarnation: "1"))
        try await time.pass { try await manager.nodes().nodes.map(\.state) == [.ready] }
    }

    // MARK: Actions of a test

    /// Cuts or restores the connection, also for calls in flight.
    func setAway(_ isAway: Bool) {
        if isAway { network.cut(Self.place) } else { network.mend(Self.place) }
    }

    /// Grants the next lease, but loses the answer.
    func loseAnswer() { state.withLock { $0.losesAnswer = true } }

    /// Delays the next batch.
    func delay(_ span: Duration) { state.withLock { $0.delay = span } }

    func direct(_ directive: Directive) async throws { _ = try await manager.direct(.default, directive) }

    /// Takes the lease for another reconciler of the same source.
    func takeLease(for source: SourceID) async throws {
        let last = try await manager.owners().owners.first { $0.owner == .default }?.lease?.fence
        _ = try await manager.lease(.default, LeaseRequest(holder: "another", source: source, succeeds: last))
    }

    // MARK: Observations of a test

    /// How often a reconciler listed all tasks.
    var lists: Int { state.withLock(\.lists) }

    /// The batches that the manager accepted.
    var batches: [BatchRequest] { state.withLock(\.batches) }

    /// All tasks, including ended ones, by name, ordinal and attempt.
    var tasks: [TaskStatus] {
        get async throws { try await list(of: .default).tasks }
    }

    /// The last argument of the command of each live task, by `name/ordinal`.
    var living: [String: String] {
        get async throws {
            let living = try await tasks.filter { !$0.state.hasEnded }
            return Dictionary(
                living.map { ("\($0.name)/\($0.ordinal)", $0.definition.command.last ?? "") }, uniquingKeysWith: { $1 })
        }
    }

    // MARK: Calls of a reconciler

    func tasks(owner: OwnerName) async throws -> TaskList {
        let list = try await call { cluster in try await cluster.list(of: owner) }
        state.withLock { $0.lists += 1 }
        return list
    }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await call { try await $0.manager.changes(owner: owner, since: since, term: term, wait: wait) }
    }

    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        let status = try await call { try await $0.manager.lease(owner, request) }
        let isLost = state.withLock { state in
            defer { state.losesAnswer = false }
            return state.losesAnswer
        }
        guard !isLost else { throw APIError(.unavailable, "connection reset") }
        return status
    }

    func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        let answer = try await call { try await $0.manager.batch(request) }
        let delay = state.withLock { state in
            state.batches.append(request)
            defer { state.delay = .zero }
            return state.delay
        }
        clock.advance(by: delay)
        return answer
    }

    private func list(of owner: OwnerName) async throws -> TaskList {
        let list = try await manager.list(owner: owner, name: nil, state: nil, limit: 1000, cursor: nil)
        precondition(list.cursor == nil, "more tasks than fit into one page")
        return list
    }

    private func call<Answer: Sendable>(
        _ operation: @escaping @Sendable (FakeCluster) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await network.call(Self.place) { try await operation(self) }
        } catch is ConnectionLost {
            throw APIError(.unavailable, "connection refused")
        }
    }
}

/// Runs a ``FakeCluster`` for each test.
struct ClusterTrait: TestTrait, SuiteTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await FakeCluster.run { cluster in
            try await FakeCluster.$current.withValue(cluster) { try await function() }
        }
    }
}

extension Trait where Self == ClusterTrait {
    static var cluster: Self { ClusterTrait() }
}
