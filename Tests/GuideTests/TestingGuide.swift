// The code of `CubeTesting.md`.
import CubeManagerClient
import CubeTesting
import Testing

@Test func `a task that fails is started again, and a silent machine is noticed`() async throws {
    try await TestCluster.run(nodes: ["a", "b"]) { cluster in
        let task = try await cluster.schedule(TaskDefinition(name: "web", command: ["web"]))

        // It fails, and its worker starts it again.
        try cluster.tasks["web"].exit(1)
        await cluster.advance(by: .seconds(5))
        #expect(try await cluster.manager.task(task.id).restarts == 1)

        // A machine falls silent.
        try cluster.cutOff("a")
        await cluster.advance(by: .seconds(30))
        #expect(try await cluster.manager.worker("a").state == .silent)
    }
}
