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

/// What a manager does whose store has no room.
@Suite("A full store", .timeLimit(.minutes(1)))
struct FullStoreTests {
    /// Runs a manager with one running task, then lets its store be full.
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

    @Test func `writes are refused, and stops are carried out to their end`() async throws {
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

            // By itself, once there is room.
            store.fail(with: nil)
            try await manager.passTime { await manager.service.isReady }
            #expect(store.stored.records.tasks[request.task.id]?.phase.hasEnded == true)
            #expect(store.stored.stops == [])
            #expect(try await manager.service.schedule(manager.request("db")).created)
        }
    }

    @Test func `of a reconciler's batch the stops are carried out and the rest is refused one by one`() async throws {
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

    @Test func `a manager that is killed while its store is full leaves the stops to the next one`() async throws {
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
            // Not a moment later: nothing of it is stored.
            #expect(store.stored.records.tasks[request.task.id]?.phase.isStopping == false)
        }
        await workers.setReachable(true, at: TestManager.url)
        let stopped = try #require(id)
        try await TestManager.run(store, workers: workers) { manager in
            let task = try await manager.wait(for: stopped) { $0.state.hasEnded }
            #expect(task.state == .stopped)
        }
    }

    @Test func `what a worker reports meanwhile counts as unseen until it is stored`() async throws {
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
            try await manager.passTime { await manager.workers.acknowledged(at: TestManager.url) != since }
            #expect(store.stored.records.tasks[request.task.id]?.phase.hasEnded == true)
        }
    }

    @Test func `a store begins on a full disk, with a term of its own, and takes down stops`() async throws {
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

            // The next manager carries the notes out one by one: a commit takes away those that it stores, and no other.
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
