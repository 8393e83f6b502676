import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Logging
import Synchronization
import Testing

@testable import CubeManager

/// The single writer: commits that wait, fail or find no space.
@Suite(.timeLimit(.minutes(1)))
struct CommitTests {
    @Test func `A cancelled manager refuses commands while it ends`() async throws {
        let (clock, workers) = (ManualClock(), StubbornWorkers())
        let service = try await ManagerService.open(
            store: MemoryStore(cluster: TestManager.cluster), gateway: workers,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: clock,
            now: { clock.timestamp })
        let manager = TestManager(
            service: service, workers: FakeWorkers(clock: clock), time: QueuedTime(clock: clock))
        let running = Task { try await service.run() }
        try await eventually { await service.isReady }
        try await manager.register()
        try await eventually { workers.isAsked }
        running.cancel()
        await manager.writeUntilRefused()
        // The manager has not ended, as it waits for the worker, but it no longer takes commands.
        let error = await #expect(throws: APIError.self) { try await service.schedule(manager.request("web")) }
        #expect(error?.reason == .unavailable)
        workers.answer()
        _ = await running.result
    }

    @Test func `On a full disk, writes fail with 507, reads and renewals succeed, and nothing changes`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(store) { manager in
            let service = manager.service
            let lease = LeaseRequest(holder: "test", source: SourceID(rawValue: TestManager.cluster.rawValue)!)
            var renewal = lease
            renewal.fence = try await service.lease(.default, lease).fence
            let revision = try await service.cluster().revision
            store.fail(with: .full("no space"))
            async let first = outcome { try await service.schedule(manager.request("web")).created }
            async let second = outcome { try await service.lease(.default, renewal).owner == .default }
            #expect(await first == .refused(.storageFull))
            #expect(await second == .answer(true))
            #expect(await service.notReadyReason == "the disk with the manager's store is full")
            #expect(try await service.cluster().revision == revision)
            store.fail(with: nil)
            try await manager.time.pass { await service.isReady }
            #expect(try await service.schedule(manager.request("web")).created)
        }
    }

    @Test func `A store that fails ends the manager`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        let clock = ManualClock()
        let service = try await ManagerService.open(
            store: store, gateway: FakeWorkers(clock: clock),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            clock: clock, now: { clock.timestamp })
        store.fail(with: .failed("input/output error"))
        await #expect(throws: StoreError.failed("input/output error")) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                try await eventually { await service.isReady }
                let directive = Directive(verb: .claim, subject: TestManager.cluster.rawValue)
                let error = await #expect(throws: APIError.self) { try await service.direct(.default, directive) }
                #expect(error?.reason == .unavailable)
                try await group.waitForAll()
            }
        }
        #expect(await !service.isReady)
    }

    @Test func `If a full store fails permanently, every waiting caller gets an answer`() async throws {
        let store = GatedStore(
            MemoryStore(cluster: TestManager.cluster),
            failing: [2: .full("no space"), 3: .failed("input/output error")])
        let clock = ManualClock()
        let service = try await ManagerService.open(
            store: store, gateway: FakeWorkers(clock: clock),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            clock: clock, now: { clock.timestamp })
        await #expect(throws: StoreError.failed("input/output error")) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                try await eventually { await service.isReady }
                try await withThrowingTaskGroup(of: Outcome<Bool>.self) { callers in
                    // Open the store even if the test fails, so that no commit waits for it.
                    defer { store.open() }
                    func claim(_ owner: String) {
                        callers.addTask {
                            await outcome {
                                let directive = Directive(verb: .claim, subject: TestManager.cluster.rawValue)
                                return try await service.direct(OwnerName(rawValue: owner)!, directive).directives == []
                            }
                        }
                    }
                    claim("first")
                    try await eventually { await store.waiting > 0 }
                    for owner in ["a", "b", "c"] { claim(owner) }
                    try await eventually { await service.queue.count >= 3 }
                    store.open()
                    let outcomes = try await callers.reduce(into: []) { $0.append($1) }
                    #expect(outcomes.count { $0 == .answer(true) } == 1)
                    #expect(outcomes.count { $0 == .refused(.unavailable) } == 3)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `Commands that arrive during a commit are stored together`() async throws {
        let store = GatedStore(MemoryStore(cluster: TestManager.cluster))
        try await TestManager.run(store) { manager in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                // Open the store even if the test fails, so that no commit waits for it.
                defer { store.open() }
                for ordinal in 0..<50 {
                    let request = manager.request("web", ordinal: ordinal)
                    group.addTask { try await manager.service.schedule(request).created }
                    try await eventually { await store.waiting > 0 }
                }
                try await eventually { await manager.service.queue.count >= 49 }
                store.open()
                for try await created in group { #expect(created) }
            }
            #expect(store.store.commits == 2)
            #expect(store.store.stored.records.tasks.count == 50)
        }
    }

    @Test func `A task is read while a commit waits, as it is stored`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        var scheduled: TaskStatus?
        try await TestManager.run(store) { manager in
            scheduled = try await manager.service.schedule(manager.request("web")).task
        }
        let task = try #require(scheduled)
        let gated = GatedStore(store)
        try await TestManager.run(gated) { manager in
            // Open the store even if the test fails, so that no commit waits for it.
            defer { gated.open() }
            async let stopped = manager.service.stop(task.id)
            try await eventually { await gated.waiting > 0 }
            let stored = try await manager.service.task(task.id)
            #expect(stored.revision == task.revision && !stored.state.hasEnded)
            gated.open()
            #expect(try await stopped == manager.service.task(task.id))
        }
    }
}

/// A store that holds back its first commit, and fails commits by their number.
private actor GatedStore: Store {
    nonisolated let store: MemoryStore
    private let failures: [Int: StoreError]
    private let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    private(set) var waiting = 0

    init(_ store: MemoryStore, failing failures: [Int: StoreError] = [:]) {
        self.store = store
        self.failures = failures
    }

    func begin(at moment: DurableInstant) -> StoredCluster { store.begin(at: moment) }

    func commit(_ changes: ClusterChanges) async throws {
        waiting += 1
        if waiting == 1 { for await _ in gate {} }
        if let failure = failures[waiting] { throw failure }
        try store.commit(changes)
    }

    nonisolated func check() throws { try store.check() }

    nonisolated func note(stops: [TaskID]) throws { try store.note(stops: stops) }

    nonisolated func backup() -> any StoreBackup { store.backup() }

    nonisolated func open() { opener.finish() }
}

extension TestManager {
    fileprivate func writeUntilRefused() async {
        do {
            for ordinal in 0... { _ = try await service.schedule(request("web", ordinal: ordinal % 10)) }
        } catch {}
    }
}

/// Workers that do not answer a request for their tasks, even if the request is cancelled.
private final class StubbornWorkers: RefusingGateway {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])

    var isAsked: Bool { waiting.withLock { !$0.isEmpty } }

    func answer() {
        for continuation in waiting.withLock(\.self) { continuation.resume() }
    }

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList {
        await withCheckedContinuation { continuation in waiting.withLock { $0.append(continuation) } }
        throw Self.refusal
    }
}
