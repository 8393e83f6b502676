import CubeCore
import CubeErrors
import CubeManager
import CubeTransport
import CubeTypes
import FoundationEssentials
import Testing

@testable import CubeManagerClient
@testable import CubeServer

extension ManagerService: CalledServer {
    static let role = TokenSet.Role.write
    static let clientSources = "Sources/CubeManagerClient"
    private static let world = ManagerEndpointTests()
    private static let request = ScheduleRequest(owner: .manual, maxLive: 1, task: world.proposal())
    private static let lease = LeaseRequest(holder: "test", source: world.source)

    static func run(_ body: (ManagerService, Endpoint) async throws -> Void) async throws {
        try await world.withService(body)
    }

    static func client(
        _ wire: any Wire, token: String?, options: ClientOptions, clock: (any Clock<Duration>)?
    ) -> ManagerClient {
        ManagerClient(wire: wire, token: token, options: options, clock: clock)
    }

    struct State: Hashable, Sendable {
        let cluster: ClusterStatus
        let lists: [TaskList]
        let owners: OwnerList
        let nodes: [NodeInfo]
        let events: EventList
        let tokens: TokenList
    }

    func state() async throws -> State {
        // The manager queries a registered worker for its tasks, which causes an event.
        var revision = 0
        while try await nodes().nodes.contains(where: { $0.state == .joining }) {
            revision = try await events(since: revision, limit: 1000, wait: .seconds(30)).revision
        }
        var lists: [TaskList] = []
        for owner in try await cluster().owners {
            lists.append(try await list(owner: owner, name: nil, state: nil, limit: 1000, cursor: nil))
        }
        let nodes = try await nodes().nodes.map { node in
            var node = node
            node.lastSeenAt = nil
            return node
        }
        return State(
            cluster: try await cluster(), lists: lists, owners: try await owners(), nodes: nodes,
            events: try await events(since: 0, limit: 1000, wait: .zero), tokens: try await tokenList())
    }

    private static let token = TokenRequest(
        name: "ci", role: .read, digest: .sha256(of: "secret"), lifetime: .seconds(3600))

    static let calls = roots + writes + reads + commands + fleet + owning + tokens

    // MARK: Subjects of the calls

    @Sendable private static func scheduled(_ manager: ManagerService) async throws {
        _ = try await manager.schedule(request)
    }

    @Sendable private static func registered(_ manager: ManagerService) async throws {
        _ = try await manager.register(world.worker)
        _ = try await manager.state()
    }

    @Sendable private static func placed(_ manager: ManagerService) async throws {
        try await registered(manager)
        try await scheduled(manager)
    }

    @Sendable private static func leased(_ manager: ManagerService) async throws {
        _ = try await manager.lease(.default, lease)
    }

    @Sendable private static func released(_ manager: ManagerService) async throws {
        try await leased(manager)
        _ = try await manager.lease(.default, try await renewal(on: manager, release: true))
    }

    @Sendable private static func issued(_ manager: ManagerService) async throws {
        _ = try await manager.issueToken(token)
    }

    private static func renewal(on manager: ManagerService, release: Bool) async throws -> LeaseRequest {
        var renewal = lease
        renewal.fence = try await manager.owner(.default).lease?.fence
        renewal.release = release
        return renewal
    }

    // MARK: The table

    private static let roots: [ClientCall<ManagerService>] = [
        ClientCall("version") { client, _ in _ = try await client.version() },
        ClientCall("ready") { client, _ in try await client.ready() },
        ClientCall("/healthz") { client, _ in try await client.transport.send(TransportRequest(.get, ["healthz"])) },
        ClientCall("/metrics") { client, _ in try await client.transport.send(TransportRequest(.get, ["metrics"])) },
        ClientCall("/openapi.json") { client, _ in
            try await client.transport.send(TransportRequest(.get, ["openapi.json"]))
        },
    ]

    private static let writes: [ClientCall<ManagerService>] = [
        ClientCall("schedule") { client, _ in _ = try await client.schedule(request) },
        ClientCall("schedule") { client, _ in
            var definition = request.task.definition
            definition.id = "deploy-42"
            try await client.schedule(definition)
        },
        ClientCall("batch", after: scheduled) { client, _ in
            let operations: [BatchOperation] = [
                .schedule(world.proposal("api"), maxLive: 1),
                .definition(TaskDefinition(id: "deploy-42", name: request.task.name, command: ["true"])),
                .stop(
                    StopRequest(
                        id: request.task.id, name: request.task.name, ordinal: 0, attempt: 0)),
            ]
            _ = try await client.batch(BatchRequest(owner: .manual, operations: operations))
        },
        ClientCall("stop", after: placed) { client, _ in _ = try await client.stop(request.task.id) },
        ClientCall("adopt") { manager in
            try await leased(manager)
            try await scheduled(manager)
        } _: { client, _ in
            _ = try await client.adopt(request.task.id, with: AdoptRequest(owner: .default, maxLive: 1))
        },
        ClientCall("updateSettings", after: scheduled) { client, _ in
            var definition = request.task.definition
            definition.labels = ["team": "shop"]
            _ = try await client.updateSettings(
                SettingsUpdate(
                    id: request.task.id, from: request.task.settingsDigest, to: definition.settingsDigest,
                    definition: definition),
                owner: .manual)
        },
    ]

    private static let reads: [ClientCall<ManagerService>] = [
        ClientCall("page", after: scheduled) { client, _ in _ = try await client.page(owner: .manual) },
        ClientCall("pages", after: scheduled) { client, _ in
            for try await _ in client.pages(owner: .manual).tasks {}
        },
        ClientCall("tasks", after: scheduled) { client, _ in _ = try await client.tasks() },
        ClientCall("watch", isPatient: true, after: scheduled) { client, _ in
            var events = client.watch(owner: .manual).makeAsyncIterator()
            _ = try await events.next()
        },
        ClientCall("changes", after: scheduled) { client, manager in
            let cluster = try await manager.cluster()
            _ = try await client.changes(
                owner: .manual, since: cluster.revision, term: cluster.term, wait: .zero)
        },
        ClientCall("task", after: scheduled) { client, _ in _ = try await client.task(request.task.id) },
        ClientCall("logs", isStream: true, after: placed) { client, _ in
            for try await _ in try await client.logs(of: request.task.id, tail: 7) {}
        },
        ClientCall("backup", isStream: true, after: scheduled) { client, _ in
            for try await _ in try await client.backup() {}
        },
        ClientCall("clusterStatus") { client, _ in _ = try await client.clusterStatus() },
        ClientCall("metrics", after: scheduled) { client, _ in _ = try await client.metrics() },
        ClientCall("endpoints", after: scheduled) { client, _ in
            _ = try await client.endpoints(of: request.task.name)
        },
        ClientCall("/discovery/prometheus", after: scheduled) { client, _ in
            try await client.transport.send(TransportRequest(.get, ManagerClient.path("discovery", "prometheus")))
        },
        ClientCall("/discovery/traefik", after: scheduled) { client, _ in
            try await client.transport.send(TransportRequest(.get, ManagerClient.path("discovery", "traefik")))
        },
        ClientCall("events", after: scheduled) { client, _ in _ = try await client.events(since: 0) },
        ClientCall("events", wait: .seconds(30), isPatient: true, after: scheduled) { client, _ in
            var events = client.events(following: 0).makeAsyncIterator()
            _ = try await events.next()
        },
    ]

    private static let command = ExecRequest(command: ["cat"], interactive: true)

    /// Starts a command in a session of its own, because the fake workers are those of all managers here.
    private static func started(on manager: ManagerService) async throws -> ExecID {
        let session = ExecID(rawValue: UUID().uuidString.lowercased())!
        _ = try await manager.exec(command, as: session, in: request.task.id)
        return session
    }

    private static let commands: [ClientCall<ManagerService>] = [
        ClientCall("exec", after: placed) { client, _ in
            try await client.exec(command, as: ExecID(rawValue: UUID().uuidString.lowercased())!, in: request.task.id)
        },
        ClientCall("execOutput", after: placed) { client, manager in
            let session = try await started(on: manager)
            _ = try await client.execOutput(session, of: request.task.id, after: 0, wait: .zero)
        },
        ClientCall("execInput", after: placed) { client, manager in
            let session = try await started(on: manager)
            let input = ExecInput(offset: 0, data: [1, 2, 3])
            let receipt = try await client.execInput(input, to: session, of: request.task.id, wait: .zero)
            #expect(receipt.received == 3)
        },
        ClientCall("resizeExec", after: placed) { client, manager in
            let session = try await started(on: manager)
            try await client.resizeExec(session, of: request.task.id, to: TerminalSize(columns: 80, rows: 24))
        },
        ClientCall("endExec", after: placed) { client, manager in
            let session = try await started(on: manager)
            try await client.endExec(session, of: request.task.id)
        },
    ]

    private static let fleet: [ClientCall<ManagerService>] = [
        ClientCall("register", as: .worker) { client, _ in _ = try await client.register(world.worker) },
        ClientCall("workers", after: registered) { client, _ in _ = try await client.workers() },
        ClientCall("worker", after: registered) { client, _ in _ = try await client.worker(world.node) },
        ClientCall("metrics", after: registered) { client, _ in _ = try await client.metrics(of: world.node) },
        ClientCall("cordon", after: registered) { client, _ in try await client.cordon(world.node) },
        ClientCall("drain", after: registered) { client, _ in try await client.drain(world.node) },
        ClientCall("drain", after: registered) { client, _ in _ = try await client.drain(of: world.node) },
        ClientCall("uncordon") { manager in
            try await registered(manager)
            _ = try await manager.cordon(world.node)
        } _: { client, _ in
            try await client.uncordon(world.node)
        },
        ClientCall("volumes") { client, _ in _ = try await client.volumes() },
        ClientCall("removeVolume") { client, _ in
            do {
                try await client.removeVolume("pgdata", of: .default, wait: .zero)
            } catch let error as APIError where error.reason == .volumeNotFound {
                // The workers of these tests run no task, so no volume is ever created.
            }
        },
        ClientCall("remove", after: registered) { client, _ in try await client.remove(world.node) },
        ClientCall("authority") { client, _ in try await withoutAuthority { _ = try await client.authority() } },
        ClientCall("certificate", as: .worker) { client, _ in
            try await withoutAuthority {
                _ = try await client.certificate(CertificateOrder(node: world.node, request: ""))
            }
        },
    ]

    /// The managers of these tests speak no TLS, so they have no authority.
    private static func withoutAuthority(_ call: () async throws -> Void) async throws {
        do {
            try await call()
        } catch let error as APIError where error.reason == .conflict && error.message.contains("authority") {
            return
        }
        Issue.record("a manager without TLS has an authority")
    }

    private static let owning: [ClientCall<ManagerService>] = [
        ClientCall("owners", after: leased) { client, _ in _ = try await client.owners() },
        ClientCall("owner", after: leased) { client, _ in _ = try await client.owner(.default) },
        ClientCall("lease") { client, _ in _ = try await client.lease(.default, with: lease) },
        ClientCall("lease", after: leased) { client, manager in
            _ = try await client.lease(.default, with: try await renewal(on: manager, release: false))
        },
        ClientCall("lease", after: leased) { client, manager in
            _ = try await client.lease(.default, with: try await renewal(on: manager, release: true))
        },
        ClientCall("direct", after: leased) { client, _ in
            _ = try await client.direct(.default, with: Directive(verb: .restart, subject: "web", id: "once"))
        },
        ClientCall("forget", after: released) { client, _ in try await client.forget(.default) },
    ]

    private static let tokens: [ClientCall<ManagerService>] = [
        ClientCall("tokens", after: issued) { client, _ in _ = try await client.tokens() },
        ClientCall("issueToken") { client, _ in try await client.issueToken(token) },
        ClientCall("revokeToken", after: issued) { client, _ in try await client.revokeToken(token.name) },
    ]
}
