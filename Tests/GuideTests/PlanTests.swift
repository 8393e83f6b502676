import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTypes
import CubeWorkerClient
import Foundation
import Testing

/// The calls and types of the original plan are available through the public interface, under the names in the article `Plan.md`.
@Suite(.timeLimit(.minutes(2)))
struct PlanTests {
    private struct Row: Hashable {
        var plan: String
        var swift: String
        var test: String
    }

    private static let calls = [
        Row(
            plan: "worker.SubmitTask(task)", swift: "WorkerClient.submit(_:)",
            test: "a standalone worker runs a submitted task"),
        Row(plan: "manager.ListWorkers()", swift: "ManagerClient.workers()", test: "a manager lists its workers"),
        Row(
            plan: "manager.ScheduleTask(taskDef)", swift: "ManagerClient.schedule(_:)",
            test: "a manager schedules a definition once for each id"),
        Row(
            plan: "orchestrator.GetClusterStatus()", swift: "OrchestratorClient.clusterStatus()",
            test: "the orchestrator client returns the cluster status"),
    ]

    private static var properties: [Row] {
        func rows(_ test: String, _ names: [(plan: String, swift: String)]) -> [Row] {
            names.map { Row(plan: $0.plan, swift: $0.swift, test: test) }
        }
        /// The key paths make a renamed property a compile-time error.
        func name(_ property: AnyKeyPath) -> String { String("\(property)".dropFirst()) }
        /// The same for a property that is computed, whose key path has no name.
        func name<Value>(_ property: KeyPath<TaskDefinition, Value>, _ name: String) -> String {
            "TaskDefinition.\(name)"
        }
        return rows(
            "a worker reports its status",
            [
                ("WorkerStatus.id", name(\WorkerStatus.id)),
                ("WorkerStatus.name", name(\WorkerStatus.name)),
                ("WorkerStatus.status", name(\WorkerStatus.state)),
                ("WorkerStatus.metrics", name(\WorkerStatus.metrics)),
                ("WorkerStatus.tasks", name(\WorkerStatus.tasks)),
                ("WorkerStatus.last_seen", name(\WorkerStatus.lastSeenAt)),
            ])
            + rows(
                "a task definition has the planned fields",
                [
                    ("TaskDefinition.id", name(\TaskDefinition.id, "id")),
                    ("TaskDefinition.name", name(\TaskDefinition.name, "name")),
                    ("TaskDefinition.image", name(\TaskDefinition.image, "image")),
                    ("TaskDefinition.command", name(\TaskDefinition.command, "command")),
                    ("TaskDefinition.env", name(\TaskDefinition.env, "env")),
                    ("TaskDefinition.cpu", "TaskDefinition.resources.cores"),
                    ("TaskDefinition.memory", name(\TaskDefinition.resources.memory, "resources.memory")),
                    ("TaskDefinition.disk", name(\TaskDefinition.resources.disk, "resources.disk")),
                ])
            + rows(
                "an invalid field is reported with its value",
                [
                    ("ValidationError.field", name(\ValidationError.field)),
                    ("ValidationError.value", name(\ValidationError.value)),
                    ("ValidationError.message", name(\ValidationError.message)),
                ])
    }

    @Test func `the article lists exactly the rows that are tested here`() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let article = root.appending(path: "Sources/CubeOrchestratorClient/CubeOrchestratorClient.docc/Plan.md")
        let rows = try String(contentsOf: article, encoding: .utf8).split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\| `(.+)` \| `(.+)` \| `(.+)` \|/).map {
                Row(plan: String($0.1), swift: String($0.2), test: String($0.3))
            }
        }
        #expect(rows == Self.calls + Self.properties)
        let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        for test in Set(rows.map(\.test)) { #expect(source.contains("@Test func `\(test)`()"), "\(test)") }
    }
}

extension PlanTests {
    private static func definition(id: String? = nil, _ command: [String] = ["web"]) -> TaskDefinition {
        TaskDefinition(id: id, name: "web", command: command)
    }

    @Test func `a standalone worker runs a submitted task`() async throws {
        try await StandaloneWorker.run { worker in
            let task = try await worker.submit(
                TaskDefinition(
                    id: "hello-1", name: "hello", kind: .job, command: ["echo", "hello"]))
            var lines: [String] = []
            for try await line in try await worker.logs(of: task.id, follow: true).lines { lines.append(line) }
            #expect(lines == ["hello"])
            #expect(try await worker.task(task.id).state == .completed)
            let again = try await worker.submit(
                TaskDefinition(
                    id: "hello-1", name: "hello", kind: .job, command: ["echo", "hello"]))
            #expect(again.id == task.id && again.run == 1)
        }
    }

    @Test func `a manager lists its workers`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let workers = try await cluster.manager.workers().nodes
            #expect(workers.map(\.name.rawValue) == ["a", "b"])
            #expect(workers.map(\.state) == [.ready, .ready])
            #expect(workers.map(\.tasks) == [0, 0])
            #expect(workers.allSatisfy { $0.lastSeenAt != nil && $0.id == $0.name })
            let cube = OrchestratorClient(manager: cluster.manager)
            #expect(try await cube.workers() == workers)
        }
    }

    @Test func `a manager schedules a definition once for each id`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.manager.schedule(Self.definition(id: "deploy-42"))
            await cluster.settle()
            let again = try await cluster.manager.schedule(Self.definition(id: "deploy-42"))
            #expect(again.id == task.id && again.state == .running)
            let other = await #expect(throws: APIError.self) {
                try await cluster.manager.schedule(Self.definition(id: "deploy-42", ["other"]))
            }
            #expect(other?.reason == .conflict)
            let next = try await cluster.manager.schedule(Self.definition())
            #expect(next.ordinal == 1)
            let batch = try await cluster.manager.batch(
                BatchRequest(
                    owner: .manual, operations: [.definition(Self.definition()), .stop(StopRequest(next))]))
            #expect(batch.results.map(\.status) == [201, 202])
        }
    }

    @Test func `the orchestrator client returns the cluster status`() async throws {
        try await TestCluster.run(nodes: ["a"]) { cluster in
            try await cluster.manager.schedule(Self.definition())
            await cluster.settle()
            let cube = OrchestratorClient(manager: cluster.manager)
            let status = try await cube.clusterStatus()
            #expect(status.tasks["running"] == 1 && status.nodes["ready"] == 1)
            #expect(try await cluster.manager.clusterStatus() == status)
            let overview = try await cube.overview()
            #expect(overview.cluster == status && overview.nodes.map(\.name.rawValue) == ["a"])
        }
    }

    @Test func `a worker reports its status`() async throws {
        try await TestCluster.run(nodes: ["a"]) { cluster in
            let task = try await cluster.manager.schedule(Self.definition())
            await cluster.settle()
            let status = try await cluster.worker("a").status()
            #expect(status.id.rawValue == "a" && status.name == status.id)
            #expect(status.state == .ready)
            #expect(status.metrics?.cores ?? 0 > 0)
            #expect(status.tasks.map(\.id) == [task.id] && status.tasks.map(\.state) == [.running])
            #expect(status.lastSeenAt == cluster.clock.timestamp)
        }
    }

    @Test func `a task definition has the planned fields`() async throws {
        let definition = TaskDefinition(
            id: "deploy-42", name: "web", image: "web:1", command: ["web"],
            env: ["A": "b"], resources: ResourceSpec(cores: 0.5, memory: 1 << 20, disk: 1 << 30))
        #expect(definition.resources.cores == 0.5)
        let encoder = JSONEncoder()
        let wire = try JSONSerialization.jsonObject(with: encoder.encode(definition)) as? [String: any Sendable]
        #expect(wire?["id"] as? String == "deploy-42" && wire?["name"] as? String == "web")
        #expect(wire?["image"] as? String == "web:1" && wire?["command"] as? [String] == ["web"])
        #expect(wire?["env"] as? [String: String] == ["A": "b"] && wire?["cpu"] as? Double == 0.5)
        #expect(wire?["memory"] as? Int == 1 << 20 && wire?["disk"] as? Int == 1 << 30)
        #expect(try JSONDecoder().decode(TaskDefinition.self, from: encoder.encode(definition)) == definition)
    }

    @Test func `an invalid field is reported with its value`() async throws {
        try await TestCluster.run { cluster in
            var definition = Self.definition()
            definition.ports = [PortSpec(name: "a", host: 80), PortSpec(name: "b", host: 80)]
            let wrong = definition
            let error = await #expect(throws: APIError.self) { try await cluster.manager.schedule(wrong) }
            #expect(error?.fields.map(\.field) == ["ports[1].host"])
            #expect(error?.fields.map(\.value) == ["80"])
            #expect(error?.fields.map(\.message) == ["is a duplicate"])
            let empty = await #expect(throws: APIError.self) {
                try await cluster.manager.schedule(Self.definition([]))
            }
            #expect(empty?.fields.map(\.field) == ["command"])
        }
    }
}

/// The program `cube worker` with its own data directory and without a manager.
private enum StandaloneWorker {
    static func run(_ body: (WorkerClient) async throws -> Void) async throws {
        let directory = URL(filePath: "/tmp/cube-guide-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let socket = directory.appending(path: "worker.sock").path
        let program = Process()
        program.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "cube")
        program.arguments = [
            "worker", "--data-dir", directory.path, "--name", "alone", "--listen", "unix:\(socket)",
        ]
        program.environment = ["PATH": "/usr/bin:/bin", "HOME": directory.path]
        program.standardOutput = FileHandle.nullDevice
        program.standardError = FileHandle.nullDevice
        try program.run()
        let result: Result<Void, any Error>
        do {
            let worker = WorkerClient(
                endpoint: Endpoint(rawValue: "unix:\(socket)")!,
                options: ClientOptions(retries: RetryPolicy(attempts: 10)))
            // Retried until the worker listens.
            try await worker.ready()
            result = .success(try await body(worker))
        } catch {
            result = .failure(error)
        }
        program.interrupt()
        program.waitUntilExit()
        try FileManager.default.removeItem(at: directory)
        try result.get()
    }
}
