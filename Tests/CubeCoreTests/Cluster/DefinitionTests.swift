import CubeErrors
import CubeJSON
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// Tasks that are scheduled by their definitions alone: the manager derives everything else.
struct DefinitionTests {
    private func definition(
        _ id: String? = nil, name: WorkloadName = .web, _ command: [String] = ["true"]
    ) -> TaskDefinition {
        TaskDefinition(id: id, name: name, command: command)
    }

    @Test func `slot, attempt, digests and id are derived from the definition and the existing tasks`() throws {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition())
        #expect(first.created)
        let proposal = cluster.proposal(.web)
        #expect(first.task.id == proposal.id)
        #expect(first.task.owner == .manual && first.task.ordinal == 0 && first.task.attempt == 0)
        #expect(first.task.specDigest == proposal.specDigest)
        #expect(first.task.settingsDigest == proposal.settingsDigest)
        #expect(first.task.state == .pending)
    }

    @Test func `each definition without an id becomes a new task in the first free ordinal`() throws {
        var cluster = TestCluster()
        let tasks = try (0..<3).map { _ in try cluster.schedule(definition()).task }
        #expect(tasks.map(\.ordinal) == [0, 1, 2])
        #expect(try cluster.schedule(definition(name: .db)).task.ordinal == 0)
        try cluster.stop(tasks[1].id)
        let next = try cluster.schedule(definition()).task
        #expect(next.ordinal == 1 && next.attempt == 1)
        #expect(try cluster.schedule(definition()).task.ordinal == 3)
    }

    @Test
    func `a definition with a known id returns its task in any state, and changes nothing`()
        throws
    {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition("deploy-42")).task
        #expect(first.definition.id == "deploy-42")
        let again = try cluster.schedule(definition("deploy-42"))
        #expect(!again.created && again.task == first)
        #expect(cluster.changes.isEmpty)
        try cluster.stop(first.id)
        let late = try cluster.schedule(definition("deploy-42"))
        #expect(!late.created && late.task.id == first.id && late.task.state == .stopped)
        #expect(try cluster.schedule(definition("deploy-43")).created)
    }

    @Test func `an id belongs to a single definition`() throws {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition("a")).task
        for other in [definition("a", ["false"]), definition("a", name: .db)] {
            expectRefusal(.conflict) { try cluster.schedule(other) }
        }
        var labelled = definition("a")
        labelled.labels = ["team": "shop"]
        let error = #expect(throws: APIError.self) { try cluster.schedule(labelled) }
        #expect(error?.reason == .conflict)
        #expect(error?.details == ["task": "\(first.id)"])
        #expect(cluster.state.records.tasks.count == 1)
        // An explicit default does not change a definition.
        var same = definition("a")
        same.security.noNewPrivileges = false
        #expect(try !cluster.schedule(same).created)
    }

    @Test func `a proposal of the owner manual uses ids in the same way`() throws {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition("a")).task
        var proposal = cluster.proposal(.web, attempt: 1)
        proposal.definition.id = "a"
        #expect(try cluster.schedule(proposal).task.id == first.id)
        proposal = cluster.proposal(.web, attempt: 1, cpu: 1)
        proposal.definition.id = "a"
        expectRefusal(.conflict) { try cluster.schedule(proposal) }
    }

    @Test func `a restarted manager knows the ids until their tasks are deleted`() throws {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition("a")).task
        cluster.state = ClusterState(
            records: cluster.state.records, term: 2, policy: .spread, at: DurableInstant(wall: cluster.now))
        #expect(try cluster.schedule(definition("a")).task.id == first.id)
        try cluster.stop(first.id)
        // The last tasks of a slot are kept, however old they are.
        for _ in 0..<Retention.attempts { try cluster.stop(cluster.schedule(definition()).task.id) }
        cluster.now = cluster.now + Retention.endedTask
        try cluster.run { (transaction) throws(APIError) in transaction.sweep() }
        #expect(cluster.task(first.id) == nil)
        #expect(cluster.state.index.keyed.isEmpty)
        #expect(try cluster.schedule(definition("a")).created)
    }

    @Test func `a task keeps its id when its settings change and when another owner adopts it`() throws {
        var cluster = TestCluster()
        let first = try cluster.schedule(definition("a")).task
        var settings = definition()
        settings.labels = ["team": "shop"]
        let update = SettingsUpdate(
            id: first.id, from: first.settingsDigest, to: settings.settingsDigest, definition: settings)
        #expect(try cluster.batch([.update(update)]).results[0].task?.definition.id == "a")
        let fence = try cluster.takeLease()
        let request = AdoptRequest(owner: .default, maxLive: 1)
        let adopted = try cluster.run { (transaction) throws(APIError) in try transaction.adopt(first.id, request) }
        #expect(adopted.definition.id == "a")
        settings.id = "a"
        #expect(try cluster.schedule(settings).task.id == first.id)
        // A rollout that reverts to the definition creates another task.
        var back = cluster.proposal(.web, attempt: 1, owner: .default)
        back.definition.id = "a"
        let task = try cluster.schedule(back, owner: .default, fence: fence, pass: 1).task
        #expect(task.id == back.id && task.definition.id == nil)
    }

    @Test func `an id is part of no digest and no manifest`() throws {
        #expect(definition("a").specDigest == definition().specDigest)
        #expect(definition("a").settingsDigest == definition().settingsDigest)
        let manifest = #"{"id": "a", "name": "web", "command": ["true"]}"#
        let decoded = ManifestDecoder.decode(Array(manifest.utf8), file: "web.json")
        #expect(decoded.diagnostics.map(\.reason) == [.unknownKey])
    }

    @Test(arguments: ["", String(repeating: "x", count: 129), "a\nb", "ü", "a\u{7F}"])
    func `an id has 1 to 128 printable ASCII characters`(id: String) throws {
        var cluster = TestCluster()
        let error = #expect(throws: APIError.self) { try cluster.schedule(definition(id)) }
        #expect(error?.fields.map(\.field) == ["id"])
        #expect(error?.fields.map(\.message) == [TaskDefinition.idRule])
    }

    @Test func `a file is sent with its content, from which its digest is derived`() throws {
        var cluster = TestCluster()
        var definition = definition()
        let content = Array("port 80".utf8)
        definition.files = [TaskFile(source: ContentSource("web.conf", content: content), target: "web.conf")]
        let task = try cluster.schedule(definition).task
        #expect(task.definition.files.first?.source.digest == .sha256(of: content))
        definition.files[0].source.digest = .sha256(of: "port 81")
        var error = #expect(throws: APIError.self) { try cluster.schedule(definition) }
        #expect(error?.fields.map(\.field) == ["files[0].digest"])
        definition.files = [TaskFile(source: ContentSource("other.conf"), target: "web.conf")]
        error = #expect(throws: APIError.self) { try cluster.schedule(definition) }
        #expect(error?.fields.map(\.field) == ["files"])
    }

    @Test func `a batch accepts definitions of the owner manual, and stops of their tasks`() throws {
        var cluster = TestCluster()
        let answer = try cluster.batch([.definition(definition("a")), .definition(definition("a", []))])
        #expect(answer.results.map(\.status) == [201, 400])
        #expect(answer.results[1].error?.fields.map(\.field) == ["definition.command"])
        let task = try #require(answer.results[0].task)
        let again = try cluster.batch([.definition(definition("a")), .stop(StopRequest(task))])
        #expect(again.results.map(\.status) == [200, 202])
        #expect(again.results[1].task?.state == .stopped)
        let fence = try cluster.takeLease()
        let foreign = try cluster.batch([.definition(definition())], owner: .default, fence: fence, pass: 1)
        #expect(foreign.results.map { $0.error?.fields.map(\.field) } == [["owner"]])
    }
}

extension DefinitionTests {
    /// A definition that a manifest may not contain, and the fields of its errors.
    struct Refused: CustomTestStringConvertible {
        let fields: [String]
        let definition: TaskDefinition
        var testDescription: String { fields.joined(separator: ", ") }

        init(_ fields: String..., change: (inout TaskDefinition) -> Void) {
            self.fields = fields
            var definition = TaskDefinition(name: .web, command: ["web"])
            change(&definition)
            self.definition = definition
        }
    }

    static let refused = [
        Refused("command") { $0.command = [] },
        Refused("command[0]") { $0.command = [""] },
        Refused("ports[0].container") { $0.ports = [PortSpec(name: "http", container: 80)] },
        Refused("ports[0].container") {
            $0.image = "web"
            $0.ports = [PortSpec(name: "http")]
        },
        Refused("ports[1].name", "ports[1].host") {
            $0.ports = [PortSpec(name: "http", host: 80), PortSpec(name: "http", host: 80)]
        },
        Refused("ports[0].host") { $0.ports = [PortSpec(name: "http", host: 70_000)] },
        Refused("files[1].target") {
            let file = TaskFile(source: ContentSource("secret:a"), target: "a")
            $0.files = [file, file]
        },
        Refused("files[0].target") { $0.files = [TaskFile(source: ContentSource("secret:a"), target: "/a")] },
        Refused("env_from[0]") { $0.envFrom = [ContentSource("web.env", content: Array("not a variable".utf8))] },
        Refused("health.ready.http.port") {
            $0.health.ready = HealthCheck(
                http: HTTPProbe(port: .name("http")), interval: .seconds(1), timeout: .seconds(1))
        },
        Refused("health.live") { $0.health.live = HealthCheck(interval: .seconds(1), timeout: .seconds(1)) },
        Refused("restart") {
            $0.restart.backoff = .seconds(60)
            $0.restart.backoffMax = .seconds(5)
        },
        Refused("restart.policy") {
            $0.kind = .job
            $0.restart = .standard(for: .job)
            $0.restart.policy = .always
        },
    ]

    @Test(arguments: refused)
    func `values that a manifest may not contain are refused in definitions and proposals`(refused: Refused) throws {
        var cluster = TestCluster()
        let error = #expect(throws: APIError.self) { try cluster.schedule(refused.definition) }
        #expect(error?.reason == .validationFailed)
        #expect(error?.fields.map(\.field) == refused.fields)
        var proposal = cluster.proposal(.web)
        proposal.definition = refused.definition
        let other = #expect(throws: APIError.self) { try cluster.schedule(proposal) }
        #expect(other?.fields.map(\.field) == refused.fields.map { "task.definition.\($0)" })
        #expect(cluster.state.records.tasks.isEmpty)
    }

    @Test func `a field that conflicts with another field is reported with its value`() throws {
        let definition = TaskDefinition(
            name: .web, command: ["web"], ports: [PortSpec(name: "a", host: 80), PortSpec(name: "b", host: 80)])
        #expect(
            definition.refusals(at: "task") == [
                ValidationError(field: "task.ports[1].host", value: "80", message: "is a duplicate")
            ])
        #expect(
            TaskDefinition(name: .web).refusals(at: "") == [
                ValidationError(
                    field: "command", value: nil,
                    message: "is missing; set \"command\" to run a process, or \"image\" to run a container")
            ])
    }

    @Test func `values that a manifest may contain are never refused in a definition`() throws {
        let manifest = """
            {"name": "web", "kind": "job", "image": "web:1", "command": ["web", ""], "env": {"A": "b"},
             "working_dir": "/srv", "user": "www:www", "security": {"no_new_privileges": false, "read_only_root": true,
             "capabilities": ["NET_ADMIN"], "devices": ["/dev/net/tun"]}, "cpu": 0.25,
             "memory": "128MiB", "disk": 5, "labels": {"team": ""},
             "ports": [{"name": "http", "container": 80, "host": 443}, {"name": "dns", "container": 53, "protocol": "udp"}],
             "files": [{"source": "secret:a", "target": "/a", "mode": "0400"}], "env_from": ["secret:b"],
             "health": {"ready": {"http": {"port": "http", "scheme": "https", "verify": true, "headers": {"Host": "a"},
                "status": "200-299"}, "interval": "500ms"}, "live": {"command": ["a"], "retries": 7}},
             "restart": {"policy": "on_failure", "max": 3, "within": "1h", "backoff": "2s", "backoff_max": "1m"},
             "stop": {"signal": "SIGINT", "grace": "90s"}, "constraints": {"labels": {"a": "b"}, "not": {"c": "d"}, "spread": "a"}}
            """
        let decoded = ManifestDecoder.decode(Array(manifest.utf8), file: "web.json")
        #expect(decoded.diagnostics.map(\.summary) == [])
        let definition = try #require(decoded.workloads.first?.definition)
        #expect(definition.refusals(at: "") == [])
    }
}

extension TestCluster {
    @discardableResult
    mutating func schedule(_ definition: TaskDefinition) throws(APIError) -> (task: TaskStatus, created: Bool) {
        try run { (transaction) throws(APIError) in try transaction.schedule(definition) }
    }
}
