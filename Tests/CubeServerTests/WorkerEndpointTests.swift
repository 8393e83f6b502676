import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import CubeVersion
import CubeWorker
import CubeWorkerClient
import NIOHTTP1
import SystemPackage
import Testing

@testable import CubeServer

@Suite("The endpoints of a worker", .timeLimit(.minutes(1)))
struct WorkerEndpointTests {
    let cluster = ClusterID(rawValue: "00000000-0000-0000-0000-00000000000c")!
    let other = ClusterID(rawValue: "00000000-0000-0000-0000-00000000000d")!
    let id = TaskID(rawValue: "00000000-0000-0000-0000-000000000001")!
    let unknown = TaskID(rawValue: "00000000-0000-0000-0000-000000000002")!

    var definition: TaskDefinition { TaskDefinition(name: WorkloadName(rawValue: "web")!, command: ["true"]) }

    func assignment(placement: Int = 1, term: Int = 1) -> TaskAssignment {
        TaskAssignment(
            cluster: cluster, term: term, id: id, owner: .default, ordinal: 0, attempt: 0, placement: placement,
            definition: definition)
    }

    /// A worker that responds and records tasks, but starts none, because its service does not run.
    func withWorker(_ body: (WorkerClient, Endpoint) async throws -> Void) async throws {
        try await withService { _, endpoint in
            try await body(WorkerClient(endpoint: endpoint, token: tokens[.worker], options: quiet), endpoint)
        }
    }

    func withService(_ body: (WorkerService, Endpoint) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let worker = try await WorkerService.open(
            WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: FilePath(directory.path), supervisor: "/nonexistent"),
            registrar: nil, clock: ContinuousClock(), now: { DurableInstant(wall: Timestamp(milliseconds: 0)) },
            random: .counting(), logger: silent)
        try await withServer { options in
            [WorkerServer(worker, options: options, logger: silent)]
        } _: { endpoint, _ in
            try await body(worker, endpoint)
        }
        withExtendedLifetime(directory) {}
    }

    @Test func `each call of the client succeeds`() async throws {
        try await withWorker { client, _ in
            try await client.ready()
            #expect(try await client.version() == VersionInfo())
            #expect(try await client.info().name.rawValue == "w1")
            #expect(try await client.metrics().cores > 0)

            let first = try await client.assign(assignment())
            #expect(first.created)
            #expect(first.task.placement == 1)
            let again = try await client.assign(assignment())
            #expect(!again.created)
            #expect(try await client.status().tasks.map(\.id) == [id])

            let all = try await client.tasks(since: nil, incarnation: nil, term: 1, cluster: cluster, wait: .zero)
            #expect(all.complete)
            #expect(all.tasks.map(\.id) == [id])
            let none = try await client.tasks(
                since: all.sequence, incarnation: all.incarnation, term: 1, cluster: cluster, wait: .milliseconds(1))
            #expect(!none.complete && none.tasks.isEmpty)
            #expect(try await client.task(id).state == first.task.state)

            var labelled = definition
            labelled.labels = ["team": "shop"]
            let updated = try await client.updateSettings(
                id, with: TaskSettings(cluster: cluster, term: 1, placement: 1, definition: labelled))
            #expect(updated.settingsDigest == labelled.settingsDigest)

            async let change = client.tasks(
                since: none.sequence + 1, incarnation: all.incarnation, term: 1, cluster: cluster, wait: .seconds(30))
            var output: [UInt8] = []
            for try await bytes in try await client.logs(of: id, tail: 10) { output += bytes }
            #expect(output.isEmpty)
            let stopped = try await client.stop(id, placement: 1, term: 1, cluster: cluster)
            #expect([.stopping, .stopped].contains(stopped.state))
            #expect(try await change.tasks.map(\.id) == [id])
        }
    }

    @Test func `an error of the worker arrives unchanged`() async throws {
        try await withWorker { client, _ in
            for call: @Sendable () async throws -> Void in [
                { _ = try await client.task(unknown) }, { _ = try await client.logs(of: unknown) },
            ] {
                let error = await #expect(throws: APIError.self) { try await call() }
                #expect(error?.reason == .taskNotFound)
            }
            _ = try await client.assign(assignment(term: 2))
            let stale = await #expect(throws: APIError.self) { _ = try await client.assign(assignment()) }
            #expect(stale?.reason == .staleTerm)
            let foreign = await #expect(throws: APIError.self) {
                _ = try await client.tasks(since: nil, incarnation: nil, term: 2, cluster: other, wait: .zero)
            }
            #expect(foreign?.reason == .foreignCluster)
        }
    }

    @Test func `users can read from a worker, but only its manager can command it`() async throws {
        try await withWorker { client, endpoint in
            _ = try await client.assign(assignment())
            for role in [TokenSet.Role.read, .write] {
                let person = WorkerClient(endpoint: endpoint, token: tokens[role], options: quiet)
                _ = try await person.info()
                _ = try await person.status()
                _ = try await person.metrics()
                _ = try await person.task(id)
                _ = try await person.logs(of: id)
                for call: @Sendable () async throws -> Void in [
                    { _ = try await person.assign(assignment()) },
                    {
                        _ = try await person.tasks(since: nil, incarnation: nil, term: 1, cluster: cluster, wait: .zero)
                    },
                    { _ = try await person.stop(id, placement: 1, term: 1, cluster: cluster) },
                ] {
                    let error = await #expect(throws: APIError.self) { try await call() }
                    #expect(error?.reason == .forbidden)
                }
            }
        }
    }

    @Test func `a worker without a manager accepts tasks from users, once per id`() async throws {
        try await withWorker { client, endpoint in
            let person = WorkerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            let first = try await person.submit(definition)
            #expect(first.placement == 1 && first.state == .scheduled)
            let second = try await client.submit(definition)
            #expect(second.id != first.id)

            let path = "/api/v1/worker/tasks"
            let body = #"{"id": "deploy-42", "name": "web", "command": ["true"], "ports": [{"name": "http"}]}"#
            let created = try await ask(.POST, endpoint, path, body: body)
            #expect(created.status == 201)
            let known = try await ask(.POST, endpoint, path, body: body)
            #expect(known.status == 200 && known.body == created.body)
            let other = try await ask(
                .POST, endpoint, path, body: #"{"id": "deploy-42", "name": "api", "command": ["true"]}"#)
            #expect(try other.status == 409 && other.error.reason == .conflict)
            let empty = try await ask(.POST, endpoint, path, body: #"{"name": "web", "command": []}"#)
            #expect(try empty.status == 400 && empty.error.fields.map(\.field) == ["command"])
            let reader = WorkerClient(endpoint: endpoint, token: tokens[.read], options: quiet)
            let forbidden = await #expect(throws: APIError.self) { try await reader.submit(definition) }
            #expect(forbidden?.reason == .forbidden)

            let stopped = try await person.stop(first.id)
            #expect([.stopping, .stopped].contains(stopped.state))
            let gone = await #expect(throws: APIError.self) { try await person.stop(unknown) }
            #expect(gone?.reason == .taskNotFound)
            // No manager adopts these tasks.
            let foreign = await #expect(throws: APIError.self) {
                _ = try await client.tasks(since: nil, incarnation: nil, term: 9, cluster: cluster, wait: .zero)
            }
            #expect(foreign?.reason == .foreignCluster)
        }
    }

    @Test func `a worker of a manager's cluster accepts tasks only from its manager`() async throws {
        try await withWorker { client, endpoint in
            _ = try await client.assign(assignment())
            let person = WorkerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            for call: @Sendable () async throws -> Void in [
                { try await person.submit(definition) }, { try await person.stop(id) },
            ] {
                let error = await #expect(throws: APIError.self) { try await call() }
                #expect(error?.reason == .conflict)
                #expect(
                    error?.message.contains("belongs to cluster \(cluster), whose manager assigns its tasks") == true)
            }
            #expect(try await client.task(id).state == .scheduled)
        }
    }

    @Test func `a worker of a manager's cluster runs commands only for its manager`() async throws {
        let session = ExecID(rawValue: "00000000-0000-0000-0000-0000000000e1")!
        let request = ExecRequest(command: ["cat"], interactive: true)
        func outcomes(of client: WorkerClient, in task: TaskID) async -> [ErrorReason?] {
            var reasons: [ErrorReason?] = []
            for call: @Sendable () async throws -> Void in [
                { _ = try await client.exec(request, as: session, in: task) },
                { _ = try await client.execOutput(session, of: task, after: 0, wait: .zero) },
                { _ = try await client.execInput(ExecInput(offset: 0, data: [1]), to: session, of: task, wait: .zero) },
                { try await client.resizeExec(session, of: task, to: TerminalSize(columns: 80, rows: 24)) },
                { try await client.endExec(session, of: task) },
            ] {
                let error = await #expect(throws: APIError.self) { try await call() }
                reasons.append(error?.reason)
            }
            return reasons
        }
        // The service does not run, so the task has no running program.
        let reached: [ErrorReason?] = [
            .conflict, .sessionNotFound, .sessionNotFound, .sessionNotFound, .sessionNotFound,
        ]
        let refused: [ErrorReason?] = [.conflict, .conflict, .conflict, .conflict, .conflict]
        try await withWorker { client, endpoint in
            _ = try await client.assign(assignment())
            #expect(await outcomes(of: client, in: id) == reached)
            let person = WorkerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            #expect(await outcomes(of: person, in: id) == refused)
            let error = await #expect(throws: APIError.self) {
                _ = try await person.exec(request, as: session, in: id)
            }
            #expect(error?.message.contains("belongs to cluster \(cluster), whose manager assigns its tasks") == true)
        }
        try await withWorker { _, endpoint in
            let person = WorkerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            let task = try await person.submit(definition)
            #expect(await outcomes(of: person, in: task.id) == reached)
        }
    }

    @Test func `a manager must send all query parameters`() async throws {
        try await withWorker { _, endpoint in
            let list = try await ask(.GET, endpoint, "/api/v1/worker/tasks?since=-1", token: .worker)
            #expect(try list.error.fields.map(\.field) == ["since", "term", "cluster"])
            let stop = try await ask(.DELETE, endpoint, "/api/v1/worker/tasks/\(id)?term=x", token: .worker)
            #expect(try stop.error.fields.map(\.field) == ["placement", "term", "cluster"])
        }
    }
}
