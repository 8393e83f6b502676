// The code in `CubeTesting.md`.
import CubeOrchestratorClient
import CubeTesting
import Testing

@Test func `a failed task is restarted, and a silent node is detected`() async throws {
    try await TestCluster.run(nodes: ["a", "b"]) { cluster in
        let task = try await cluster.schedule(TaskDefinition(name: "web", command: ["web"]))

        // The task fails, and its worker restarts it.
        try cluster.tasks["web"].exit(1)
        await cluster.advance(by: .seconds(5))
        #expect(try await cluster.manager.task(task.id).restarts == 1)

        // A node becomes silent.
        try cluster.cutOff("a")
        await cluster.advance(by: .seconds(30))
        #expect(try await cluster.manager.worker("a").state == .silent)
    }
}

@Test func `a deployment that is not ready in time fails with a timeout`() async throws {
    try await TestCluster.run { cluster in
        let check = HealthCheck(tcp: TCPProbe(port: .number(80)), interval: .seconds(1), timeout: .seconds(1))
        let web = TaskDefinition(name: "web", command: ["web"], health: HealthChecks(ready: check))
        cluster.holdReadiness(of: "web")
        let error = await #expect(throws: APIError.self) {
            try await cluster.passingTime {
                try await cluster.orchestrator.run(web, within: .seconds(60))
            }
        }
        #expect(error?.reason == .timeout)
        #expect(cluster.clock.now.offset == .seconds(60))
    }
}

@Test func `a deployment continues after an outage of the manager and schedules its task once`() async throws {
    try await TestCluster.run { cluster in
        let web = TaskDefinition(name: "web", command: ["web"])

        // The manager carries out the call, but the response is lost.
        cluster.loseAnswers(of: .scheduleTask)
        let lost = await #expect(throws: APIError.self) { try await cluster.orchestrator.schedule(web) }
        #expect(lost?.reason == .unavailable)
        await cluster.settle()
        #expect(cluster.tasks.count == 1)

        // The manager is down, but the task keeps running.
        await cluster.stopManager()
        await #expect(throws: APIError.self) { try await cluster.manager.clusterStatus() }
        #expect(try cluster.tasks["web"].number == 1)

        // A new manager continues with the stored state.
        try await cluster.startManager()
        await cluster.settle()
        #expect(try await cluster.manager.tasks().tasks.map(\.state) == [.running])
    }
}
