import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTransport
import CubeTypes
import CubeVersion
import NIOHTTP1
import Testing

@testable import CubeServer

@Suite("The orchestrator client", .timeLimit(.minutes(1)))
struct OrchestratorTests {
    let cluster = ClusterID(rawValue: "00000000-0000-0000-0000-00000000000c")!
    let node = NodeName(rawValue: "w1")!

    func withSystem(
        _ worker: FakeWorkers, _ body: (OrchestratorClient, ManagerClient, Endpoint) async throws -> Void
    ) async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: cluster), gateway: worker, logger: silent, now: { Timestamp(milliseconds: 0) })
        try await withServer { options in
            [manager, ManagerServer(manager, options: options, logger: silent)]
        } _: { endpoint, _ in
            try await eventually { try await ask(.GET, endpoint, "/readyz", token: nil).status != 503 }
            _ = try await ManagerClient(endpoint: endpoint, token: tokens[.worker], options: quiet)
                .register(ManagerEndpointTests().worker)
            let client = ManagerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            try await body(OrchestratorClient(manager: client), client, endpoint)
        }
    }

    func definition(_ kind: TaskKind = .service) -> TaskDefinition {
        TaskDefinition(name: WorkloadName(rawValue: "web")!, kind: kind, command: ["true"])
    }

    @Test func `tasks are scheduled and awaited concurrently`() async throws {
        let worker = FakeWorkers(clock: ManualClock()) { task in
            task.state = .running
            task.ready = true
            task.run = 1
        }
        try await withSystem(worker) { system, manager, _ in
            let first = try await system.run(definition(), within: .seconds(50))
            #expect(first.ready)
            let second = try await system.run(definition(), within: .seconds(50))
            #expect([first.ordinal, second.ordinal] == [0, 1])
            #expect(try await system.worker(of: first.id)?.name == node)
            let overview = try await system.overview()
            #expect(overview.cluster.tasks["running"] == 2)
            #expect(overview.nodes.map(\.name) == [node])
            #expect(try await system.stop(first.id, within: .seconds(50)).state == .stopped)
            #expect(try await system.stopAll(within: .seconds(50)) == 1)
            #expect(try await system.stopAll(within: .seconds(50)) == 0)
            // The slot of an ended task is free.
            #expect(try await system.schedule(definition()).ordinal == 0)
        }
    }

    @Test func `the error of a failed task contains the reason and its last output`() async throws {
        let worker = FakeWorkers(clock: ManualClock()) { task in
            task.state = .failed
            task.reason = .exited
            task.message = "exit code 3"
        }
        await worker.write(["one\ntwo\n"])
        try await withSystem(worker) { system, _, _ in
            let error = await #expect(throws: APIError.self) {
                _ = try await system.run(definition(.job), within: .seconds(50))
            }
            #expect(error?.reason == .taskFailed)
            #expect(error?.message.contains("web/0 is failed (exited: exit code 3)") == true)
            #expect(error?.details?["log"] == "one\ntwo")
            #expect(error?.details?["state"] == "failed")
        }
    }

    @Test func `an error contains the output of a task once, whether or not its log can be read`() async throws {
        for lines in [["one\ntwo\n"], []] {
            let worker = FakeWorkers(clock: ManualClock()) { task in
                task.state = .failed
                task.reason = .exited
                task.message = "exit code 3" + OutputNote.introduction + "one\ntwo\n"
            }
            await worker.write(lines)
            try await withSystem(worker) { system, _, _ in
                let error = await #expect(throws: APIError.self) {
                    _ = try await system.run(definition(.job), within: .seconds(50))
                }
                #expect(error?.message == "web/0 is failed (exited: exit code 3)")
                #expect(error?.details?["log"] == "one\ntwo")
            }
        }
    }

    @Test func `the error of a task that is not ready in time contains its state`() async throws {
        let worker = FakeWorkers(clock: ManualClock()) { _ in }
        try await withSystem(worker) { system, _, _ in
            let error = await #expect(throws: APIError.self) {
                _ = try await system.run(definition(), within: .seconds(1))
            }
            #expect(error?.reason == .timeout)
            #expect(error?.message.hasPrefix("web/0 is ") == true)
        }
    }

    @Test func `output continues where its stream was interrupted, and ends with its task`() async throws {
        let worker = FakeWorkers(clock: ManualClock()) { task in
            task.state = .running
            task.run = 1
        }
        await worker.write(["one\n", "one\ntwo\nthr", "one\ntwo\nthree\n"])
        try await withSystem(worker) { system, manager, _ in
            let task = try await system.schedule(definition())
            // After each end of a stream, the client waits for a change of the task.
            var pieces: [String] = []
            for try await bytes in system.logs(of: task.id, follow: true) {
                pieces.append(String(decoding: bytes, as: UTF8.self))
                let run = pieces.count + 1
                try await worker.change(task.id, at: ManagerEndpointTests().worker.url) { changed in
                    changed.run = run
                    changed.restarts = run - 1
                    if run > 2 { changed.state = .completed }
                }
            }
            #expect(pieces.joined() == "one\ntwo\nthree\n")
        }
    }

    @Test func `if the manager cannot report the changes, a watch starts again with a list`() async throws {
        try await withSystem(FakeWorkers(clock: ManualClock()) { _ in }) { system, manager, _ in
            let task = try await system.schedule(definition())
            let foreign = WatchPosition(revision: 1, term: 99)
            var watch = manager.watch(owner: .manual, since: foreign).makeAsyncIterator()
            guard case .listed(let list) = try await watch.next() else {
                Issue.record("no list")
                return
            }
            #expect(list.tasks.map(\.id) == [task.id])
            _ = try await manager.stop(task.id)
            guard case .changed(let changes) = try await watch.next() else {
                Issue.record("no change")
                return
            }
            #expect(changes.changed.map(\.id) == [task.id])
        }
    }

    @Test(arguments: 1...4)
    func `paging returns every task exactly once`(size: Int) async throws {
        try await withSystem(FakeWorkers(clock: ManualClock()) { _ in }) { system, manager, _ in
            var ids: [TaskID] = []
            for _ in 0..<5 { ids.append(try await system.schedule(definition()).id) }
            var seen: [TaskID] = []
            for try await task in manager.pages(owner: .manual, size: size).tasks { seen.append(task.id) }
            #expect(seen == ids)
            var pages = 0
            for try await _ in manager.pages(owner: .manual, size: size) { pages += 1 }
            #expect(pages == (5 + size - 1) / size)
        }
    }

    @Test func `if a manager is unavailable, the client calls the next one`() async throws {
        try await withSystem(FakeWorkers(clock: ManualClock()) { _ in }) { _, _, endpoint in
            var free: [Endpoint] = []
            try await withRoutes([]) { endpoint, _ in free = [endpoint] }
            let system = OrchestratorClient(
                managers: StaticDiscovery(free + [endpoint]), token: tokens[.write], options: quiet)
            #expect(try await system.overview().cluster.cluster == cluster)
            let nobody = OrchestratorClient(managers: StaticDiscovery([]), options: quiet)
            let error = await #expect(throws: APIError.self) { try await nobody.manager.clusterStatus() }
            #expect(error?.reason == .unavailable)
        }
    }
}
