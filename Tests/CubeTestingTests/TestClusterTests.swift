import CubeErrors
import CubeManagerClient
import CubeTesting
import CubeTypes
import CubeWorkerClient
import Testing

/// Tests that a program with a Cube client would have, with only the imports that such a program may use.
@Suite(.timeLimit(.minutes(1)))
struct TestClusterTests {
    private func web(_ change: (inout TaskDefinition) -> Void = { _ in }) throws -> TaskDefinition {
        var definition = TaskDefinition(name: try WorkloadName(checking: "web"), command: ["web"])
        change(&definition)
        return definition
    }

    @Test func `a task runs as soon as it is scheduled, on the node that the manager chose`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let task = try await cluster.schedule(web())
            #expect(task.state == .running && task.ready && task.run == 1)
            let running = try cluster.tasks["web"]
            #expect(running.id == task.id && running.node == task.node && cluster.tasks.count == 1)
            #expect(running.environment["CUBE_NAME"] == "web" && running.command == ["web"])
            #expect(try await cluster.manager.clusterStatus().revision == task.revision)
        }
    }

    @Test func `a failed task is restarted after its backoff and not before`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(
                web { $0.restart = RestartPolicy(policy: .always, backoff: .seconds(4)) })
            try cluster.tasks["web"].exit(3)
            await cluster.advance(by: .milliseconds(3999))
            let waiting = try await cluster.manager.task(task.id)
            #expect(waiting.state == .scheduled && waiting.reason == .backoff && waiting.exit?.code == 3)
            #expect(cluster.tasks.isEmpty)
            await cluster.advance(by: .milliseconds(1))
            #expect(try await cluster.manager.task(task.id).restarts == 1)
            #expect(try cluster.tasks["web"].number == 2)
        }
    }

    @Test(arguments: [Duration.seconds(-3600), .seconds(3600)])
    func `a jump of the wall clock neither delays a restart nor uses up the restart budget`(
        jump: Duration
    ) async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(
                web { $0.restart = RestartPolicy(policy: .always, max: 1, within: .seconds(60), backoff: .seconds(4)) })
            try cluster.tasks["web"].exit(1)
            await cluster.settle()
            cluster.clock.shiftWallClock(by: jump)
            await cluster.advance(by: .seconds(4))
            #expect(try cluster.tasks["web"].number == 2)
            await cluster.advance(by: .seconds(60))
            try cluster.tasks["web"].exit(1)
            await cluster.settle()
            #expect(try await cluster.manager.task(task.id).reason == .backoff)
            cluster.clock.shiftWallClock(by: jump * 2)
            await cluster.advance(by: .seconds(8))
            try cluster.tasks["web"].exit(1)
            await cluster.settle()
            #expect(try await cluster.manager.task(task.id).reason == .restartsUsedUp)
        }
    }

    @Test func `a service that crashes for an hour is in a crash loop and then recovers`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            for _ in 0..<60 {
                try cluster.tasks["web"].exit(1)
                await cluster.advance(by: .seconds(60))
            }
            let looping = try await cluster.manager.task(task.id)
            #expect(looping.state == .running && looping.reason == .crashLoop && looping.restarts == 60)
            await cluster.advance(by: .seconds(60))
            let recovered = try await cluster.manager.task(task.id)
            #expect(recovered.state == .running && recovered.ready && recovered.reason == nil)
        }
    }

    @Test func `a job completes, and its output remains available`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(
                web {
                    $0.kind = .job; $0.restart = .standard(for: .job)
                })
            try cluster.tasks["web"].write("hello\n")
            try cluster.tasks["web"].exit(0)
            await cluster.settle()
            #expect(try await cluster.manager.task(task.id).state == .completed)
            var output: [UInt8] = []
            for try await bytes in try await cluster.manager.logs(of: task.id) { output += bytes }
            #expect(String(decoding: output, as: UTF8.self) == "hello\n")
        }
    }

    @Test func `a task is ready while its ready check passes, and is restarted when its live check fails`()
        async throws
    {
        try await TestCluster.run { cluster in
            let definition = try web {
                $0.ports = [PortSpec(name: "http")]
                $0.health = HealthChecks(
                    ready: HealthCheck(
                        http: HTTPProbe(port: .name("http")), interval: .seconds(2), timeout: .seconds(1)),
                    live: HealthCheck(
                        tcp: TCPProbe(port: .name("http")), interval: .seconds(2), timeout: .seconds(1), retries: 2,
                        startPeriod: .zero))
            }
            let task = try await cluster.schedule(definition)
            #expect(task.ready)
            try cluster.tasks["web"].setReady(false)
            await cluster.advance(by: .seconds(8))
            let unready = try await cluster.manager.task(task.id)
            #expect(unready.state == .running && !unready.ready && unready.reason == .notReady)
            try cluster.tasks["web"].setReady(true)
            try cluster.tasks["web"].setLive(false)
            await cluster.advance(by: .seconds(10))
            let restarted = try await cluster.manager.task(task.id)
            #expect(restarted.restarts == 1 && restarted.ready)
        }
    }

    @Test func `a failed start is reported, and the next start can succeed`() async throws {
        try await TestCluster.run { cluster in
            let definition = try web { $0.restart = RestartPolicy(policy: .never) }
            cluster.refuseStarts(of: definition.name, because: "no such program")
            let task = try await cluster.schedule(definition)
            #expect(task.state == .failed && task.reason == .startFailed)
            #expect(task.message?.contains("no such program") == true)
            cluster.refuseStarts(of: definition.name, because: nil)
            #expect(try await cluster.schedule(definition).state == .running)
        }
    }

    @Test func `a stop ends a task, and a task that ignores it is killed after its grace period`() async throws {
        try await TestCluster.run { cluster in
            let polite = try await cluster.schedule(web())
            _ = try await cluster.manager.stop(polite.id)
            await cluster.settle()
            let stopped = try await cluster.manager.task(polite.id)
            #expect(stopped.state == .stopped && stopped.exit?.signal == 15 && cluster.tasks.isEmpty)

            let stubborn = try await cluster.schedule(web { $0.stop = StopPolicy(grace: .seconds(30)) })
            try cluster.tasks["web"].ignoreStop()
            _ = try await cluster.manager.stop(stubborn.id)
            await cluster.advance(by: .seconds(29))
            #expect(try await cluster.manager.task(stubborn.id).state == .stopping)
            await cluster.advance(by: .seconds(1))
            #expect(try await cluster.manager.task(stubborn.id).exit?.signal == 9)
        }
    }

    @Test func `a node that is cut off becomes silent, keeps its tasks, and reports them when it is reconnected`()
        async throws
    {
        try await TestCluster.run(nodes: ["a"]) { cluster in
            let task = try await cluster.schedule(web { $0.restart = RestartPolicy(policy: .never) })
            try cluster.cutOff("a")
            await cluster.advance(by: .seconds(30))
            #expect(try await cluster.manager.worker(NodeName(checking: "a")).state == .silent)
            let unknown = try await cluster.manager.task(task.id)
            #expect(unknown.state == .running && unknown.nodeUnknown && cluster.tasks.count == 1)
            try cluster.tasks["web"].exit(0)
            await cluster.settle()
            #expect(try await cluster.manager.task(task.id).state == .running)
            #expect(try await cluster.worker("a").task(task.id).state == .completed)
            try cluster.reconnect("a")
            await cluster.advance(by: .seconds(30))
            #expect(try await cluster.manager.worker(NodeName(checking: "a")).state == .ready)
            #expect(try await cluster.manager.task(task.id).state == .completed)
        }
    }

    @Test func `a task that fits on no node is pending, and labels and capacities of nodes are respected`()
        async throws
    {
        let nodes = [
            TestNode("small", capacity: ResourceSpec(millicores: 500)),
            TestNode("large", capacity: ResourceSpec(millicores: 4000), labels: ["zone": "b"]),
        ]
        try await TestCluster.run(nodes: nodes) { cluster in
            let large = try await cluster.schedule(web { $0.resources = ResourceSpec(millicores: 3000) })
            #expect(large.node?.rawValue == "large")
            let labelled = try await cluster.schedule(
                web { $0.constraints = PlacementConstraints(labels: ["zone": "b"]) }, ordinal: 1)
            #expect(labelled.node?.rawValue == "large")
            let waiting = try await cluster.schedule(web { $0.resources = ResourceSpec(millicores: 3000) }, ordinal: 2)
            #expect(waiting.state == .pending && waiting.reason == .noCapacity)
            _ = try await cluster.manager.stop(large.id)
            await cluster.settle()
            #expect(try await cluster.manager.task(waiting.id).node?.rawValue == "large")
        }
    }

    @Test func `a task receives the addresses of its dependencies`() async throws {
        try await TestCluster.run(nodes: ["a"]) { cluster in
            let db = TaskDefinition(
                name: try WorkloadName(checking: "db"), command: ["db"], ports: [PortSpec(name: "sql", host: 5432)])
            try await cluster.schedule(db)
            try await cluster.schedule(
                web { $0.command = ["web", "--db", "$(DB_SQL_ADDRESS)"] }, dependencies: [db.name])
            #expect(try cluster.tasks["web"].command == ["web", "--db", "a:5432"])
        }
    }

    @Test func `time passes for code that polls the manager with blocking queries`() async throws {
        /// A wait as a deployment tool would implement it.
        @Sendable func waitUntilRestarted(_ id: TaskID, _ manager: ManagerClient) async throws -> TaskStatus {
            while true {
                let task = try await manager.task(id)
                if task.restarts > 0, task.ready { return task }
                _ = try await manager.changes(
                    owner: task.owner, since: task.revision, term: manager.clusterStatus().term, wait: .seconds(10))
            }
        }
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            try cluster.tasks["web"].exit(1)
            let restarted = try await cluster.passingTime {
                try await waitUntilRestarted(task.id, cluster.manager)
            }
            #expect(restarted.run == 2)
        }
    }

    @Test func `a client of one's own reaches the manager, and errors name what is missing`()
        async throws
    {
        try await TestCluster.run { cluster in
            try await cluster.schedule(web())
            #expect(try await ManagerClient(endpoint: cluster.endpoint).workers().nodes.count == 1)
            let error = #expect(throws: APIError.self) { try cluster.tasks["api"] }
            #expect(error?.message == "api/0 is not running; running tasks: web/0")
            #expect(throws: APIError.self) { try cluster.cutOff("moon") }
        }
        await #expect(throws: APIError.self) { try await TestCluster.run(nodes: ["No Name"]) { _ in } }
    }

    @Test func `an error of the test ends the cluster and is rethrown`() async throws {
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await TestCluster.run { cluster in
                try await cluster.schedule(web())
                throw Failure()
            }
        }
    }
}
