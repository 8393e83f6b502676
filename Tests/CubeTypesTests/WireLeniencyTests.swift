import CubeErrors
import CubeTypes
import Foundation
import Testing

/// Forward compatibility: this version decodes what a newer version sends, with unknown fields and unknown values.
@Suite struct WireLeniencyTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    private static let digest = "sha256:" + String(repeating: "a", count: 64)
    private static let id = "0f3c0000-0000-5000-8000-000000000000"

    private static let task = """
        {"id": "\(id)", "owner": "default", "name": "web", "ordinal": 0, "attempt": 3, "state": "hibernating",
         "ready": false, "desired": "nap", "reason": "moon_phase", "message": null, "colour": {"new": true},
         "spec_digest": "\(digest)", "settings_digest": "\(digest)", "source": "web.json", "node": "w1", "placement": 1,
         "run": 2, "restarts": 1, "not_before": null, "node_unknown": false, "not_enforced": ["memory"],
         "exit": {"code": 1, "signal": null, "oom": false, "at": "2026-01-02T03:04:05Z", "core": "kept"},
         "created_at": "2026-01-02T03:04:05.678Z", "started_at": null, "ended_at": null, "created_revision": 1,
         "revision": 812, "definition": {"name": "web", "kind": "daemon", "command": ["web"], "cpu": 0.5, "gpu": 1,
         "restart": {"policy": "sometimes"}}}
        """

    @Test func `a task with unknown fields, state, reason and kind is decoded, and the values are kept`() throws {
        let task = try decode(TaskStatus.self, Self.task)
        #expect(task.state == TaskState(rawValue: "hibernating"))
        #expect(!task.state.hasEnded)
        #expect(task.reason == TaskReason(rawValue: "moon_phase"))
        #expect(task.definition.kind == TaskKind(rawValue: "daemon"))
        #expect(task.definition.restart.policy == RestartPolicy.Condition(rawValue: "sometimes"))
        #expect(task.definition.resources == ResourceSpec(millicores: 500))
        #expect(task.exit?.at == Timestamp(milliseconds: 1_767_323_045_000))

        let again = try JSONDecoder().decode(TaskStatus.self, from: JSONEncoder().encode(task))
        #expect(again == task)
    }

    @Test func `ports and health checks that an older program omits are empty`() throws {
        let task = try decode(TaskStatus.self, Self.task)
        #expect(task.endpoints.isEmpty && task.definition.ports.isEmpty && task.definition.health == .none)
        let definition = try decode(
            TaskDefinition.self,
            #"{"name": "web", "ports": [{"name": "http", "protocol": "sctp", "new": 1}],"#
                + #" "health": {"ready": {"tcp": {"port": "http"}}, "live": {"moon": {}}}}"#)
        #expect(definition.ports == [PortSpec(name: "http", transport: PortSpec.Transport(rawValue: "sctp"))])
        #expect(definition.health.ready?.interval == .seconds(2) && definition.health.live?.interval == .seconds(10))
    }

    @Test func `dependencies that an older program omits are empty in a schedule and an assignment`() throws {
        let common = #""id": "\#(Self.id)", "ordinal": 0, "attempt": 0, "settings_digest": "\#(Self.digest)", "#
        let proposal = try decode(
            TaskProposal.self,
            "{\(common)" + #""name": "web", "spec_digest": "\#(Self.digest)", "definition": {"name": "web"}}"#)
        #expect(proposal.dependencies == [])
        let assignment = try decode(
            TaskAssignment.self,
            "{\(common)" + #""cluster": "0f3c0000-0000-4000-8000-000000000001", "term": 1, "owner": "default", "#
                + #""placement": 1, "definition": {"name": "web"}}"#)
        #expect(assignment.ports == [:] && assignment.addresses == [:])
    }

    @Test(arguments: ["tasks", "nodes"])
    func `the status of a cluster is unreadable without the numbers of its tasks and nodes`(missing: String) throws {
        let resources = #"{"cpu": 1, "memory": 1, "disk": 1}"#
        let members = [
            "cluster": #""0f3c0000-0000-4000-8000-000000000001""#, "version": #""1""#, "term": "1", "revision": "1",
            "managers": "[]", "policy": #""spread""#, "tasks": #"{"running": 1}"#, "nodes": #"{"ready": 1}"#,
            "owners": "[]", "capacity": resources, "reserved": resources,
        ]
        func json(_ members: [String: String]) -> String {
            "{\(members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
        }
        #expect(try decode(ClusterStatus.self, json(members)).nodes == ["ready": 1])
        #expect(throws: DecodingError.self) {
            try decode(ClusterStatus.self, json(members.filter { $0.key != missing }))
        }
    }

    @Test func `an error with an unknown reason keeps its reason, its code and its retry flag`() throws {
        let error = try decode(
            APIError.self, #"{"code": 418, "reason": "teapot", "message": "short", "retry": true, "x": 1}"#)
        #expect(error == APIError("teapot", "short", code: 418, retry: true, isFromServer: true))
        #expect(error.reason.status == 500)
    }

    @Test func `a directive with an unknown verb is kept`() throws {
        let directive = try decode(Directive.self, #"{"verb": "hug", "subject": "web", "revision": 3}"#)
        #expect(directive == Directive(verb: "hug", subject: "web", revision: 3))
    }

    @Test func `omitted optional fields of a request have their defaults`() throws {
        #expect(
            try decode(Directive.self, #"{"verb": "retry", "subject": "web"}"#)
                == Directive(verb: .retry, subject: "web"))
        let source = try SourceID(checking: "0f3c0000-0000-4000-8000-000000000001")
        #expect(
            try decode(LeaseRequest.self, #"{"holder": "h", "source": "0f3c0000-0000-4000-8000-000000000001"}"#)
                == LeaseRequest(holder: "h", source: source))
    }

    @Test func `each operation of a batch is decoded as it was encoded`() throws {
        let definition = TaskDefinition(name: try WorkloadName(checking: "web"), command: ["web"], env: ["A": "b"])
        let digest = try Digest(checking: Self.digest)
        let id = try TaskID(checking: Self.id)
        let proposal = TaskProposal(
            id: id, name: definition.name, ordinal: 0, attempt: 0, specDigest: digest, settingsDigest: digest,
            definition: definition, dependencies: [try WorkloadName(checking: "db")])
        let request = BatchRequest(
            owner: .default, fence: 1, pass: 2,
            operations: [
                .schedule(proposal, maxLive: 2),
                .update(SettingsUpdate(id: id, from: digest, to: digest, definition: definition)),
                .stop(StopRequest(id: id, name: definition.name, ordinal: 0, attempt: 0)),
            ])
        #expect(try JSONDecoder().decode(BatchRequest.self, from: JSONEncoder().encode(request)) == request)
        #expect(throws: DecodingError.self) { try decode(BatchOperation.self, #"{"teleport": {}}"#) }
    }

    @Test func `each operation of a batch for a worker is decoded as it was encoded`() throws {
        let definition = TaskDefinition(name: try WorkloadName(checking: "web"), command: ["web"])
        let cluster = try #require(ClusterID(rawValue: "11111111-2222-3333-4444-555555555555"))
        let id = try TaskID(checking: Self.id)
        let batch = WorkerBatch(
            cluster: cluster, term: 1,
            operations: [
                .assign(
                    TaskAssignment(
                        cluster: cluster, term: 1, id: id, owner: .default, ordinal: 0, attempt: 0, placement: 1,
                        definition: definition)),
                .update(id, TaskSettings(cluster: cluster, term: 1, placement: 1, definition: definition)),
                .stop(id, placement: 1),
            ])
        #expect(try JSONDecoder().decode(WorkerBatch.self, from: JSONEncoder().encode(batch)) == batch)
        for text in [#"{"teleport": {}}"#, #"{"stop": null}"#, #"{"stop": {"id": "\#(id)"}}"#] {
            #expect(throws: DecodingError.self) { try decode(WorkerOperation.self, text) }
        }
        let stop = #"{"id": "\#(id)", "placement": 1}"#
        #expect(throws: DecodingError.self) {
            try decode(WorkerOperation.self, #"{"stop": \#(stop), "update": \#(stop)}"#)
        }
    }
}
