import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeManager

/// A manager whose store is lost or older than the state that its workers have seen.
@Suite("A restored store", .timeLimit(.minutes(1)))
struct RestoredStoreTests {
    @Test func `the answer to an assignment counts even if the worker already runs the task`() async throws {
        let workers = FakeWorkers(clock: ManualClock())
        try await TestManager.run(workers: workers) { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
        }
        // Another store of the same cluster, in the state before the task was scheduled.
        try await TestManager.run(workers: workers) { manager in
            try await manager.join()
            let request = manager.request("web")
            #expect(try await manager.service.schedule(request).created)
            let task = try await manager.wait(for: request.task.id) { $0.ready }
            #expect(task.state == .running && task.run == 1)
            #expect(await workers.started[request.task.id] == 1)
        }
    }

    @Test func `the manager takes over a placement from the worker if the store lost it`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            try await manager.workers.change(request.task.id, at: TestManager.url) { task in
                task.placement = 3
                task.run = 2
            }
            let task = try await manager.wait(for: request.task.id) { $0.placement == 3 }
            #expect(task.state == .running && task.run == 2)
        }
    }

    @Test func `the manager raises its term above any that a worker has seen, and clients list again`() async throws {
        let workers = FakeWorkers(clock: ManualClock())
        await workers.setTerm(7, at: TestManager.url)
        try await TestManager.run(workers: workers) { manager in
            let before = try await manager.service.cluster()
            #expect(before.term == 1)
            let change = Task {
                try await manager.service.changes(
                    owner: .default, since: before.revision, term: before.term, wait: .seconds(1_000_000))
            }
            let worker = WorkerInfo(
                name: .w1, version: "1", url: TestManager.url, runtimes: ["process"],
                capacity: ResourceSpec(millicores: 4000), bootID: "boot", incarnation: "1")
            _ = try await manager.service.register(worker)
            try await manager.time.pass { try await manager.service.node(.w1).state == .ready }
            #expect(try await manager.service.cluster().term == 8)
            #expect(await workers.term(at: TestManager.url) == 8)
            let error = await #expect(throws: APIError.self) { _ = try await change.value }
            #expect(error?.reason == .revisionGone)
        }
    }

    @Test func `a manager ends when its worker has accepted another manager`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        await #expect(throws: StoreError.self) {
            try await TestManager.run(store) { manager in
                try await manager.join()
                await manager.workers.setTerm(2, at: TestManager.url)
                try await manager.time.pass { await !manager.service.isReady }
            }
        }
        #expect(store.stored.term == 1)
    }

    @Test func `a manager ends when its store disappears, even without writes`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        await #expect(throws: StoreError.failed("it is gone")) {
            try await TestManager.run(store) { manager in
                store.fail(with: .failed("it is gone"))
                try await manager.time.pass { await !manager.service.isReady }
            }
        }
    }
}
