import CubeCore
import CubeErrors
import CubeTransport
import CubeTypes
import Testing

@testable import CubeServer
@testable import CubeWorker
@testable import CubeWorkerClient

extension WorkerService: CalledServer {
    static let role = TokenSet.Role.worker
    static let clientSources = "Sources/CubeWorkerClient"
    private static let world = WorkerEndpointTests()

    static func run(_ body: (WorkerService, Endpoint) async throws -> Void) async throws {
        try await world.withService(body)
    }

    static func client(
        _ wire: any Wire, token: String?, options: ClientOptions, clock: (any Clock<Duration>)?
    ) -> WorkerClient {
        WorkerClient(wire: wire, token: token, options: options, clock: clock)
    }

    struct State: Hashable, Sendable {
        /// The number of changes.
        let sequence: Int
        let tasks: [WorkerTask]
        let removed: [TaskID]
    }

    func state() async throws -> State {
        let own = await info().cluster.flatMap { $0 == Self.world.cluster ? nil : $0 }
        let list = try await list(
            since: nil, incarnation: nil, term: 1, cluster: own ?? Self.world.cluster, wait: .zero)
        guard own != nil else { return State(sequence: list.sequence, tasks: list.tasks, removed: list.removed) }
        // Without a manager, the worker creates a new cluster each time, and the task ids depend on the cluster id.
        let tasks = list.tasks.map { task in
            var task = task
            task.id = Self.world.id
            return task
        }
        return State(sequence: list.sequence, tasks: tasks, removed: [])
    }

    @Sendable private static func assigned(_ worker: WorkerService) async throws {
        _ = try await worker.assign(world.assignment())
    }

    private static let session = ExecID(rawValue: "00000000-0000-0000-0000-0000000000e1")!
    private static let command = ExecRequest(command: ["cat"], interactive: true)

    /// Adds a session whose command never starts, because this worker starts nothing.
    @Sendable private static func started(_ worker: WorkerService) async throws {
        try await assigned(worker)
        let run = RunIdentity(task: world.id, placement: 1, number: 1, boot: "b")
        let channel = ExecChannel(
            ExecSession(id: session, task: world.id), command, in: run, clock: ContinuousClock())
        try worker.sessions.add(channel)
    }

    private static let commands: [ClientCall<WorkerService>] = [
        ClientCall("exec", after: started) { client, _ in
            let answer = try await client.exec(command, as: session, in: world.id)
            #expect(!answer.created && answer.session == ExecSession(id: session, task: world.id))
        },
        ClientCall("execOutput", after: started) { client, _ in
            let output = try await client.execOutput(session, of: world.id, after: 0, wait: .zero)
            #expect(output == ExecOutput(next: 0, chunks: []))
        },
        ClientCall("execInput", after: started) { client, _ in
            let input = ExecInput(offset: 0, data: [1, 2, 3])
            let receipt = try await client.execInput(input, to: session, of: world.id, wait: .zero)
            #expect(receipt.received == 3)
        },
        ClientCall("resizeExec", after: started) { client, _ in
            try await client.resizeExec(session, of: world.id, to: TerminalSize(columns: 80, rows: 24))
        },
        ClientCall("endExec", after: started) { client, worker in
            // The faults share a worker, as its tasks stay the same.
            try await started(worker)
            try await client.endExec(session, of: world.id)
        },
    ]

    private static let submitted = TaskDefinition(
        id: "deploy-42", name: WorkloadName(rawValue: "web")!, command: ["true"])

    @Sendable private static func standingAlone(_ worker: WorkerService) async throws {
        _ = try await worker.submit(submitted)
    }

    static let calls = commands + assignments

    private static let assignments: [ClientCall<WorkerService>] = [
        ClientCall("version") { client, _ in _ = try await client.version() },
        ClientCall("ready") { client, _ in try await client.ready() },
        ClientCall("/healthz") { client, _ in try await client.transport.send(TransportRequest(.get, ["healthz"])) },
        ClientCall("/metrics", as: .read) { client, _ in
            try await client.transport.send(TransportRequest(.get, ["metrics"]))
        },
        ClientCall("/openapi.json") { client, _ in
            try await client.transport.send(TransportRequest(.get, ["openapi.json"]))
        },
        ClientCall("assign") { client, _ in _ = try await client.assign(world.assignment()) },
        ClientCall("batch") { client, _ in
            let results = try await client.batch(
                WorkerBatch(
                    cluster: world.cluster, term: 1,
                    operations: [.assign(world.assignment()), .stop(world.unknown, placement: 1)]))
            // A call that is repeated after a lost answer finds the task.
            #expect(results.map(\.error) == [nil, nil] && results.map(\.task?.id) == [world.id, world.unknown])
        },
        ClientCall("tasks", after: assigned) { client, _ in
            _ = try await client.tasks(since: nil, incarnation: nil, term: 1, cluster: world.cluster, wait: .zero)
        },
        ClientCall("watch", wait: .seconds(10), after: assigned) { client, _ in
            var lists = client.watch(term: 1, cluster: world.cluster).makeAsyncIterator()
            _ = try await lists.next()
        },
        ClientCall("removeVolume", after: assigned) { client, _ in
            try await client.removeVolume("pgdata", of: .default, term: 1, cluster: world.cluster)
        },
        ClientCall("task", after: assigned) { client, _ in _ = try await client.task(world.id) },
        ClientCall("stop", after: assigned) { client, _ in
            _ = try await client.stop(world.id, placement: 1, term: 1, cluster: world.cluster)
        },
        ClientCall("stop") { client, _ in
            _ = try await client.stop(world.unknown, placement: 1, term: 1, cluster: world.cluster)
        },
        ClientCall("submit", as: .write, after: standingAlone) { client, _ in
            var definition = submitted
            definition.id = "deploy-43"
            try await client.submit(definition)
        },
        ClientCall("stop", as: .write, after: standingAlone) { client, worker in
            try await client.stop(try await worker.submit(submitted).task.id)
        },
        ClientCall("updateSettings", after: assigned) { client, _ in
            var definition = world.definition
            definition.labels = ["team": "shop"]
            _ = try await client.updateSettings(
                world.id,
                with: TaskSettings(
                    cluster: world.cluster, term: 1, placement: 1, definition: definition))
        },
        ClientCall("logs", isStream: true, after: assigned) { client, _ in
            for try await _ in try await client.logs(of: world.id, tail: 7) {}
        },
        ClientCall("info") { client, _ in _ = try await client.info() },
        ClientCall("status", after: assigned) { client, _ in _ = try await client.status() },
        ClientCall("metrics", after: assigned) { client, _ in _ = try await client.metrics() },
    ]
}
