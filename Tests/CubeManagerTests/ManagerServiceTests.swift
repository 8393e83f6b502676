import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Logging
import Synchronization
import Testing

@testable import CubeManager

@Suite(.timeLimit(.minutes(1)))
struct ManagerServiceTests {
    @Test("A task is assigned to a worker, runs, and stops on request")
    func lifecycle() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            #expect(try await manager.service.schedule(request).created)
            let running = try await manager.wait(for: request.task.id) { $0.state == .running }
            #expect(running.ready && running.node == .w1 && running.run == 1)
            _ = try await manager.service.stop(request.task.id)
            let stopped = try await manager.wait(for: request.task.id) { $0.state.hasEnded }
            #expect(stopped.state == .stopped)
            let kinds = try await manager.service.events(since: 0, limit: 100, wait: .zero).events.map(\.kind)
            #expect(kinds == [.nodeJoined, .taskScheduled, .taskRunning, .taskStopping, .taskStopped])
        }
    }

    @Test("A cancelled manager refuses commands while it ends")
    func cancellation() async throws {
        let (clock, workers) = (ManualClock(), StubbornWorkers())
        let service = try await ManagerService.open(
            store: MemoryStore(cluster: TestManager.cluster), gateway: workers,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: clock,
            now: { clock.timestamp })
        let manager = TestManager(service: service, workers: FakeWorkers(clock: clock), clock: clock)
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

    @Test("The endpoints of a workload are those of its ready tasks, of all owners or of one")
    func endpoints() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let ports = [PortSpec(name: "http", host: 80), PortSpec(name: "dns", host: 53, transport: .udp)]
            let request = manager.request("web", ordinal: 2, ports: ports)
            _ = try await manager.service.schedule(manager.request("db", ports: [PortSpec(name: "db")]))
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            let web = WorkloadName(rawValue: "web")!
            let found = try await manager.service.endpoints(name: web, owner: nil).endpoints
            #expect(found.map(\.address) == ["127.0.0.1:80", "127.0.0.1:53"])
            #expect(found.map(\.port) == ["http", "dns"])
            #expect(found.allSatisfy { $0.name == web && $0.ordinal == 2 && $0.node == .w1 })
            #expect(try await manager.service.endpoints(name: web, owner: .manual).endpoints == found)
            #expect(try await manager.service.endpoints(name: web, owner: .default).endpoints == [])
            _ = try await manager.service.stop(request.task.id)
            #expect(try await manager.service.endpoints(name: web, owner: nil).endpoints == [])
        }
    }

    @Test(
        "A definition with a known id yields the same task, even after a restart of the manager")
    func definitionID() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        let definition = TaskDefinition(id: "deploy-42", name: WorkloadName(rawValue: "web")!, command: ["true"])
        var first: TaskID?
        try await TestManager.run(store) { manager in
            // Concurrent requests are decided one after the other.
            let tasks = try await withThrowingTaskGroup(of: (task: TaskStatus, created: Bool).self) { group in
                for _ in 0..<20 { group.addTask { try await manager.service.schedule(definition) } }
                var tasks: [(task: TaskStatus, created: Bool)] = []
                for try await task in group { tasks.append(task) }
                return tasks
            }
            #expect(tasks.count { $0.created } == 1)
            #expect(Set(tasks.map(\.task.id)).count == 1)
            first = tasks[0].task.id
        }
        try await TestManager.run(store) { manager in
            let again = try await manager.service.schedule(definition)
            #expect(!again.created && again.task.id == first)
            var other = definition
            other.command = ["false"]
            let error = await #expect(throws: APIError.self) { _ = try await manager.service.schedule(other) }
            #expect(error?.reason == .conflict)
        }
    }

    @Test(
        "A restarted manager continues with a higher term and starts nothing twice")
    func restart() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        let workers = FakeWorkers(clock: ManualClock())
        var before: [TaskStatus] = []
        try await TestManager.run(store, workers: workers) { manager in
            try await manager.join()
            for ordinal in 0..<5 { _ = try await manager.service.schedule(manager.request("web", ordinal: ordinal)) }
            for ordinal in 0..<5 {
                try await manager.wait(for: manager.request("web", ordinal: ordinal).task.id) { $0.ready }
            }
            before = try await manager.service.list(owner: nil, name: nil, state: nil, limit: 10, cursor: nil).tasks
        }
        try await TestManager.run(store, workers: workers) { manager in
            let list = try await manager.service.list(owner: nil, name: nil, state: nil, limit: 10, cursor: nil)
            #expect(list.term == 2)
            #expect(list.tasks == before)
            let next = manager.request("db")
            _ = try await manager.service.schedule(next)
            try await manager.wait(for: next.task.id) { $0.ready }
            #expect(await Set(workers.started.values) == [1])
            #expect(await Set(workers.assigned.values) == [1])
        }
    }

    @Test("A call whose answer was lost is repeated and starts one instance")
    func lostAnswers() async throws {
        try await TestManager.run { manager in
            await manager.workers.lose(answers: 2)
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            #expect(await manager.workers.started[request.task.id] == 1)
        }
    }

    @Test("A task that its worker lost is assigned to it again")
    func lostTask() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            await manager.workers.forget(request.task.id, at: TestManager.url)
            await manager.workers.restart(at: TestManager.url)
            try await manager.passTime { await manager.workers.started[request.task.id] == 2 }
        }
    }

    @Test("A stopped task that its worker lost ends")
    func stopOfUnknown() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            await manager.workers.forget(request.task.id, at: TestManager.url)
            _ = try await manager.service.stop(request.task.id)
            try await manager.wait(for: request.task.id) { $0.state == .stopped }
        }
    }

    @Test(
        "A worker that does not answer for ten seconds is silent and keeps its tasks")
    func silence() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            await manager.workers.setReachable(false, at: TestManager.url)
            try await manager.passTime { try await manager.service.node(.w1).state == .silent }
            let task = try await manager.service.task(request.task.id)
            #expect(task.nodeUnknown && task.state == .running && task.node == .w1)
            await manager.workers.setReachable(true, at: TestManager.url)
            try await manager.passTime { try await manager.service.node(.w1).state == .ready }
            #expect(try await !manager.service.task(request.task.id).nodeUnknown)
            #expect(await manager.workers.started[request.task.id] == 1)
        }
    }

    @Test("A task fails if its worker rejects the assignment as invalid")
    func refusal() async throws {
        try await TestManager.run { manager in
            await manager.workers.refuse(
                with: .invalid([ValidationError(field: "user", value: "x", message: "is not known")]))
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            let task = try await manager.wait(for: request.task.id) { $0.state == .failed }
            #expect(task.reason == .rejectedByNode)
        }
    }

    @Test("On a full disk, writes fail with 507, reads and renewals succeed, and nothing changes")
    func storageFull() async throws {
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
            try await manager.passTime { await service.isReady }
            #expect(try await service.schedule(manager.request("web")).created)
        }
    }

    @Test("A store that fails ends the manager")
    func storeFailure() async throws {
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

    @Test("If a full store fails permanently, every waiting caller gets an answer")
    func failureWhileFull() async throws {
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

    @Test("Blocking queries return on a change and when the manager ends")
    func blockingQueries() async throws {
        let held = try await withThrowingTaskGroup(of: TaskChanges.self) { group in
            try await TestManager.run { manager in
                let service = manager.service
                let start = try await service.cluster()
                async let changed = service.changes(
                    owner: .manual, since: start.revision, term: start.term, wait: .seconds(60))
                let request = manager.request("web")
                let task = try await service.schedule(request).task
                #expect(try await changed.changed == [task])
                #expect(try await changed.slots.map(\.next) == [1])
                let now = try await service.cluster()
                let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    isListening.finish()
                    return try await service.changes(
                        owner: .manual, since: now.revision, term: now.term, wait: .seconds(60))
                }
                for await _ in listening {}
            }
            return try await group.next()
        }
        #expect(held?.changed == [])
    }

    @Test("A revision of another term, in the future or before the log's start is gone")
    func revisionGone() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(store) { manager in
            _ = try await manager.service.schedule(manager.request("web"))
        }
        try await TestManager.run(store) { manager in
            for (since, term) in [(1, 1), (2, 2), (0, 2)] {
                let gone = await outcome {
                    try await manager.service.changes(
                        owner: .manual, since: since, term: term, wait: .zero
                    ).revision
                }
                #expect(gone == .refused(.revisionGone))
            }
            let none = try await manager.service.changes(owner: .manual, since: 1, term: 2, wait: .zero)
            #expect(none.changed.isEmpty)
        }
    }

    @Test("All pages of a list show the revision of the first page")
    func pages() async throws {
        try await TestManager.run { manager in
            let service = manager.service
            for ordinal in 0..<7 { _ = try await service.schedule(manager.request("web", ordinal: ordinal)) }
            var page = try await service.list(owner: .manual, name: nil, state: nil, limit: 3, cursor: nil)
            let revision = page.revision
            var ordinals = page.tasks.map(\.ordinal)
            while let cursor = page.cursor {
                #expect(page.slots.isEmpty)
                _ = try await service.stop(manager.request("web", ordinal: ordinals.count).task.id)
                page = try await service.list(owner: .manual, name: nil, state: nil, limit: 3, cursor: cursor)
                ordinals += page.tasks.map(\.ordinal)
                #expect(page.revision == revision)
                #expect(page.tasks.allSatisfy { $0.state == .pending })
            }
            #expect(ordinals == Array(0..<7))
            #expect(page.slots.map(\.ordinal) == Array(0..<7))
            let gone = await outcome {
                try await service.list(owner: nil, name: nil, state: nil, limit: 3, cursor: "1.99.0").tasks.count
            }
            #expect(gone == .refused(.revisionGone))
        }
    }

    @Test("Commands that arrive during a commit are stored together")
    func groupCommit() async throws {
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

    @Test("Logs come from the worker that has the task")
    func logs() async throws {
        try await TestManager.run { manager in
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            let early = await outcome { () throws -> Bool in
                _ = try await manager.service.logs(request.task.id, LogSelection())
                return true
            }
            #expect(early == .refused(.conflict))
            try await manager.join()
            try await manager.wait(for: request.task.id) { $0.ready }
            var output: [UInt8] = []
            for try await bytes in try await manager.service.logs(request.task.id, LogSelection()) {
                output += bytes
            }
            #expect(output == Array("hello\n".utf8))
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

    func begin() -> StoredCluster { store.begin() }

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

/// The result of a call.
private enum Outcome<Answer: Equatable & Sendable>: Equatable, Sendable {
    case answer(Answer)
    case refused(ErrorReason)
}

private func outcome<Answer>(of call: () async throws -> Answer) async -> Outcome<Answer> {
    do {
        return .answer(try await call())
    } catch {
        return .refused((error as? APIError)?.reason ?? .internal)
    }
}

extension TestManager {
    fileprivate func writeUntilRefused() async {
        do {
            for ordinal in 0... { _ = try await service.schedule(request("web", ordinal: ordinal % 10)) }
        } catch {}
    }
}

/// Workers that do not answer a request for their tasks, even if the request is cancelled.
private final class StubbornWorkers: WorkerGateway {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])

    var isAsked: Bool { waiting.withLock { !$0.isEmpty } }

    func answer() {
        for continuation in waiting.withLock(\.self) { continuation.resume() }
    }

    private static let refusal = APIError(.unavailable, "not now")

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        await withCheckedContinuation { continuation in waiting.withLock { $0.append(continuation) } }
        throw Self.refusal
    }

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask { throw Self.refusal }

    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask { throw Self.refusal }

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask {
        throw Self.refusal
    }

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable { throw Self.refusal }
}
