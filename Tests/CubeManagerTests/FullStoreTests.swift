import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import GRDB
import HashTreeCollections
import SystemPackage
import Testing

@testable import CubeManager

/// The behavior of a manager whose store has no free space.
@Suite("A full store", .timeLimit(.minutes(1)))
struct FullStoreTests {
    /// Runs a manager with one running task, then fills up its store.
    private static func run(
        _ store: MemoryStore, _ body: (TestManager, ScheduleRequest) async throws -> Void
    ) async throws {
        try await TestManager.run(store) { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            store.fail(with: .full("no space"))
            try await body(manager, request)
        }
    }

    @Test func `a full store refuses writes and carries out stops completely`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await Self.run(store) { manager, request in
            let error = await #expect(throws: APIError.self) {
                _ = try await manager.service.schedule(manager.request("db"))
            }
            #expect(error?.reason == .storageFull && error?.code == 507)
            _ = try await manager.service.stop(request.task.id)
            #expect(store.stored.stops == [request.task.id])
            let stopped = try await manager.wait(for: request.task.id) { $0.state.hasEnded }
            #expect(stopped.state == .stopped)
            #expect(store.stored.records.tasks[request.task.id]?.phase.hasEnded == false)
            #expect(await manager.service.notReadyReason?.contains("is full") == true)

            // The manager becomes ready without intervention once there is space.
            store.fail(with: nil)
            try await manager.time.pass { await manager.service.isReady }
            #expect(store.stored.records.tasks[request.task.id]?.phase.hasEnded == true)
            #expect(store.stored.stops == [])
            #expect(try await manager.service.schedule(manager.request("db")).created)
        }
    }

    @Test func `a full store carries out the stops of a batch and refuses each other command`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await Self.run(store) { manager, request in
            let other = manager.request("db")
            let stop = StopRequest(id: request.task.id, name: request.task.name, ordinal: 0, attempt: 0)
            let answer = try await manager.service.batch(
                BatchRequest(owner: .manual, operations: [.schedule(other.task, maxLive: 1), .stop(stop)]))
            #expect(answer.results.map(\.status) == [507, 202])
            #expect(store.stored.stops == [request.task.id])
        }
    }

    @Test func `a manager that is killed while its store is full leaves the stops to the next manager`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        let workers = FakeWorkers(clock: ManualClock())
        var id: TaskID?
        try await TestManager.run(store, workers: workers) { manager in
            try await manager.join()
            let request = manager.request("web")
            id = request.task.id
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            store.fail(with: .full("no space"))
            await workers.setReachable(false, at: TestManager.url)
            _ = try await manager.service.stop(request.task.id)
            store.fail(with: nil)
            // Check at once: the stop is not stored yet.
            #expect(store.stored.records.tasks[request.task.id]?.phase.isStopping == false)
        }
        await workers.setReachable(true, at: TestManager.url)
        let stopped = try #require(id)
        try await TestManager.run(store, workers: workers) { manager in
            let task = try await manager.wait(for: stopped) { $0.state.hasEnded }
            #expect(task.state == .stopped)
        }
    }

    @Test func `a worker's report during a full store counts as unseen until it is stored`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await Self.run(store) { manager, request in
            try await manager.workers.change(request.task.id, at: TestManager.url) { task in
                task.state = .completed
                task.ready = false
            }
            let ended = try await manager.wait(for: request.task.id) { $0.state.hasEnded }
            #expect(ended.state == .completed)
            let since = await manager.workers.acknowledged(at: TestManager.url)
            store.fail(with: nil)
            try await manager.time.pass { await manager.workers.acknowledged(at: TestManager.url) != since }
            #expect(store.stored.records.tasks[request.task.id]?.phase.hasEnded == true)
        }
    }

    @Test func `a store starts on a full disk with a new term and notes stops`() async throws {
        let memory = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(memory) { manager in
            for name in ["web", "db"] { _ = try await manager.service.schedule(manager.request(name)) }
        }
        var changes = ClusterChanges()
        for (id, task) in memory.stored.records.tasks { changes.tasks[id] = task }
        let tasks = changes.tasks.keys.sorted()
        #expect(tasks.count == 2)
        try await withDirectory { directory in
            let first = try SQLiteStore.open(directory: directory)
            let term = try await first.begin().term
            try await first.commit(changes)
            try first.database.close()

            let second = try SQLiteStore.open(directory: directory)
            try await second.database.writeWithoutTransaction { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            #expect(try await second.begin().term == term + 1)
            await #expect(throws: DatabaseError.self) {
                try await second.database.writeWithoutTransaction {
                    try $0.execute(sql: "CREATE TABLE filler AS SELECT zeroblob(1048576) AS value")
                }
            }
            try second.note(stops: tasks)
            try second.note(stops: tasks)
            try second.database.close()

            // The next manager carries out the noted stops one by one; each commit removes only the notes that it
            // stores.
            let third = try SQLiteStore.open(directory: directory)
            #expect(try await third.begin().stops == tasks)
            changes = ClusterChanges()
            changes.counters = ClusterCounters()
            changes.tasks = [tasks[0]: nil as TaskRecord?]
            try await third.commit(changes)
            try third.database.close()
            let fourth = try SQLiteStore.open(directory: directory)
            #expect(try await fourth.begin().stops == [tasks[1]])
            changes.tasks = [tasks[1]: nil as TaskRecord?]
            try await fourth.commit(changes)
            try fourth.database.close()
            #expect(try await SQLiteStore.open(directory: directory).begin().stops == [])
        }
    }
}
