import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeManager

@Suite(.timeLimit(.minutes(1)))
struct ManagerServiceTests {
    @Test func `A task is assigned to a worker, runs, and stops on request`() async throws {
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
            #expect(kinds == [.nodeRegistered, .nodeJoined, .taskScheduled, .taskRunning, .taskStopping, .taskStopped])
        }
    }

    @Test func `An idle manager rarely wakes up, and what is due with time alone is on time`() async throws {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(store) { manager in
            await manager.time.pass(.seconds(100))
            #expect((10...11).contains(store.checks))
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            func isProven() async -> Bool {
                await manager.service.state.records.tasks[request.task.id]?.health == .proven
            }
            await manager.time.pass(TaskProposal.standardMinHealthy - .milliseconds(1))
            #expect(await !isProven())
            await manager.time.pass(.seconds(1) + .milliseconds(1))
            #expect(await isProven())
        }
    }

    @Test func `An idle manager notices at once that its store is full, and within a second that it is not`()
        async throws
    {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(store) { manager in
            // The manager has just looked at its store, and waits.
            let checks = store.checks + 10
            try await manager.time.pass { store.checks == checks }
            store.fail(with: .full("no space"))
            _ = await #expect(throws: APIError.self) {
                _ = try await manager.service.schedule(manager.request("web"))
            }
            #expect(await !manager.service.isReady)
            store.fail(with: nil)
            await manager.time.pass(.seconds(1))
            #expect(await manager.service.isReady)
        }
    }

    @Test func `A command is in the history once, also if the response of its worker was lost`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.state == .running }
            let id = request.task.id
            let session = ExecID(rawValue: "00000000-0000-0000-0000-0000000000e1")!
            let command = ExecRequest(command: ["ls", "-l"])
            func recorded() async throws -> [String?] {
                try await manager.service.events(since: 0, limit: 100, wait: .zero).events
                    .filter { $0.kind == .execStarted }.map(\.message)
            }
            await manager.workers.lose(answers: 1)
            let error = await #expect(throws: APIError.self) {
                _ = try await manager.service.exec(command, as: session, in: id)
            }
            #expect(error?.reason == .timeout)
            #expect(try await recorded() == ["ls"])
            let again = try await manager.service.exec(command, as: session, in: id)
            #expect(!again.created)
            #expect(try await recorded() == ["ls"])
            // The id may be used again after the end of the session.
            try await manager.service.endExec(session, of: id)
            #expect(try await manager.service.exec(command, as: session, in: id).created)
            #expect(try await recorded() == ["ls", "ls"])
        }
    }

    @Test func `The endpoints of a workload are those of its ready tasks, of all owners or of one`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let ports = [PortSpec(name: "http", host: 80), PortSpec(name: "dns", host: 53, transport: .udp)]
            let request = manager.request("web", ordinal: 2, ports: ports)
            _ = try await manager.service.schedule(manager.request("db", ports: [PortSpec(name: "db")]))
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            let web = WorkloadName(rawValue: "web")!
            let found = try await manager.service.endpoints(in: EndpointSelection(name: web)).endpoints
            #expect(found.map(\.address) == ["127.0.0.1:80", "127.0.0.1:53"])
            #expect(found.map(\.port) == ["http", "dns"])
            #expect(found.allSatisfy { $0.name == web && $0.ordinal == 2 && $0.node == .w1 })
            #expect(
                try await manager.service.endpoints(in: EndpointSelection(owner: .manual, name: web)).endpoints == found
            )
            #expect(
                try await manager.service.endpoints(in: EndpointSelection(owner: .default, name: web)).endpoints == [])
            _ = try await manager.service.stop(request.task.id)
            #expect(try await manager.service.endpoints(in: EndpointSelection(name: web)).endpoints == [])
        }
    }

    @Test func `A caller waits for a change of an endpoint, and for no other change`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let web = manager.request("web", ports: [PortSpec(name: "http", host: 80)])
            _ = try await manager.service.schedule(web)
            try await manager.wait(for: web.task.id) { $0.ready }
            let first = try await manager.service.endpoints(in: EndpointSelection())
            #expect(first.endpoints.map(\.address) == ["127.0.0.1:80"])
            #expect(first.cluster == TestManager.cluster)

            let db = manager.request("db")
            _ = try await manager.service.schedule(db)
            try await manager.wait(for: db.task.id) { $0.ready }
            async let unchanged = manager.service.endpoints(
                in: EndpointSelection(), since: first.revision, wait: .seconds(1))
            await manager.time.pass(.seconds(1))
            let second = try await unchanged
            #expect(second.revision > first.revision && second.endpoints == first.endpoints)

            async let waiting = manager.service.endpoints(
                in: EndpointSelection(), since: second.revision, wait: .seconds(1_000_000))
            _ = try await manager.service.stop(web.task.id)
            let third = try await waiting
            #expect(third.endpoints == [])
            for known in [first.revision, third.revision + 1000] {
                let again = try await manager.service.endpoints(
                    in: EndpointSelection(), since: known, wait: .seconds(1_000_000))
                #expect(again.endpoints == [], "The caller knows an older list, or one of another store.")
            }
        }
    }

    @Test func `A definition with a known id yields the same task, even after a restart of the manager`() async throws {
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

    @Test func `A restarted manager continues with a higher term and starts nothing twice`() async throws {
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

    @Test func `A call whose answer was lost is repeated and starts one instance`() async throws {
        try await TestManager.run { manager in
            await manager.workers.lose(answers: 2)
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            #expect(await manager.workers.started[request.task.id] == 1)
        }
    }

    @Test(
        arguments: [
            nil, APIError(.methodNotAllowed, "no batches"), APIError(.bodyTooLarge, "too large"),
            APIError(.validationFailed, "unreadable"),
        ])
    func `Tasks are assigned and stopped in batches, or by separate calls if the worker refuses them`(
        refusal: APIError?
    ) async throws {
        try await TestManager.run { manager in
            await manager.workers.refuseBatches(with: refusal)
            // They are due at once when the node joins.
            let requests = (0..<40).map { manager.request("web", ordinal: $0) }
            for request in requests { _ = try await manager.service.schedule(request) }
            try await manager.join()
            for request in requests { try await manager.wait(for: request.task.id) { $0.ready } }
            for request in requests { _ = try await manager.service.stop(request.task.id) }
            for request in requests { try await manager.wait(for: request.task.id) { $0.state == .stopped } }
            #expect(await Set(manager.workers.started.values) == [1])
            #expect(await (manager.workers.batches > 0) == (refusal == nil))
        }
    }

    @Test func `A batch that fails as a whole is repeated`() async throws {
        try await TestManager.run { manager in
            await manager.workers.refuseBatches(with: APIError(.unavailable, "busy"))
            let requests = (0..<5).map { manager.request("web", ordinal: $0) }
            for request in requests { _ = try await manager.service.schedule(request) }
            try await manager.join()
            await manager.time.pass(.seconds(1))
            for request in requests { #expect(try await manager.service.task(request.task.id).state == .scheduled) }
            await manager.workers.refuseBatches(with: nil)
            try await manager.time.pass { await manager.workers.started.count == requests.count }
        }
    }

    @Test func `A task that its worker lost is assigned to it again`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            await manager.workers.forget(request.task.id, at: TestManager.url)
            await manager.workers.restart(at: TestManager.url)
            try await manager.time.pass { await manager.workers.started[request.task.id] == 2 }
        }
    }

    @Test func `A manager still works with a node that has been registered for more than a day`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            await manager.time.pass(.seconds(10))
            manager.workers.clock.advance(by: .seconds(25 * 3600))
            await manager.time.pass(.seconds(60))
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.time.pass { await manager.workers.started[request.task.id] == 1 }
        }
    }

    @Test func `A stopped task that its worker lost ends`() async throws {
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

    @Test func `A worker that does not answer for ten seconds is silent and keeps its tasks`() async throws {
        try await TestManager.run { manager in
            try await manager.join()
            let request = manager.request("web")
            _ = try await manager.service.schedule(request)
            try await manager.wait(for: request.task.id) { $0.ready }
            await manager.workers.setReachable(false, at: TestManager.url)
            try await manager.time.pass { try await manager.service.node(.w1).state == .silent }
            let task = try await manager.service.task(request.task.id)
            #expect(task.nodeUnknown && task.state == .running && task.node == .w1)
            await manager.workers.setReachable(true, at: TestManager.url)
            try await manager.time.pass { try await manager.service.node(.w1).state == .ready }
            #expect(try await !manager.service.task(request.task.id).nodeUnknown)
            #expect(await manager.workers.started[request.task.id] == 1)
        }
    }

    @Test func `A task fails if its worker rejects the assignment as invalid`() async throws {
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

    @Test func `Blocking queries return on a change and when the manager ends`() async throws {
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

    @Test func `A revision of another term, in the future or before the log's start is gone`() async throws {
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

    @Test func `A client that knew an owner before it was forgotten lists again`() async throws {
        try await TestManager.run { manager in
            let (service, owner) = (manager.service, OwnerName(rawValue: "shop")!)
            let source = SourceID(rawValue: TestManager.cluster.rawValue)!
            let lease = try await service.lease(owner, LeaseRequest(holder: "test", source: source))
            _ = try await service.lease(
                owner, LeaseRequest(holder: "test", source: source, fence: lease.fence, release: true))
            let known = try await service.list(owner: owner, name: nil, state: nil, limit: 1, cursor: nil).revision
            try await service.forget(owner)
            let renewed = try await service.lease(owner, LeaseRequest(holder: "test", source: source))
            let gone = await outcome {
                try await service.changes(owner: owner, since: known, term: 1, wait: .zero).revision
            }
            #expect(gone == .refused(.revisionGone))
            let later = try await service.changes(owner: owner, since: renewed.revision, term: 1, wait: .zero)
            #expect(later.changed.isEmpty)
        }
    }

    @Test func `All pages of a list show the revision of the first page`() async throws {
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
            // A snapshot that is gone, and a cursor of another version.
            for cursor in ["1.99.0.0", "1.1.3"] {
                let gone = await outcome {
                    try await service.list(owner: nil, name: nil, state: nil, limit: 3, cursor: cursor).tasks.count
                }
                #expect(gone == .refused(.revisionGone), "\(cursor)")
            }
        }
    }

    @Test func `Logs come from the worker that has the task`() async throws {
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
