import CubeManagerClient
import CubeTesting
import CubeTypes
import Testing

/// The same scenario in two clusters, one of which has a wall clock that jumps.
@Suite(.timeLimit(.minutes(1)))
struct WallClockTests {
    private struct Step {
        var event: Int
        var seconds: Int
        var jump: Int
    }

    @Test func `jumps of the wall clock do not affect a cluster`() async throws {
        var random = SeededGenerator()
        let seed = random.seed
        let steps = (0..<40).map { _ in
            Step(
                event: Int.random(in: 0..<6, using: &random), seconds: Int.random(in: 0...60, using: &random),
                jump: [0, -3600, 3600, -400_000_000].randomElement(using: &random)!)
        }
        let still = try await trace(of: steps, jumping: false)
        let jumping = try await trace(of: steps, jumping: true)
        #expect(still == jumping, "seed \(seed)")
        #expect(Set(still).count > 3, "too little happened, seed \(seed)")
    }

    private func trace(of steps: [Step], jumping: Bool) async throws -> [String] {
        let check = HealthCheck(
            tcp: TCPProbe(port: .number(80)), interval: .seconds(10), timeout: .seconds(1), retries: 2,
            startPeriod: .seconds(5))
        let definition = TaskDefinition(
            name: try WorkloadName(checking: "web"), command: ["web"], health: HealthChecks(ready: check, live: check),
            restart: RestartPolicy(policy: .always, max: 3, within: .seconds(120), backoff: .seconds(2)))
        return try await TestCluster.run(nodes: ["a"]) { cluster in
            var task = try await cluster.schedule(definition)
            var seen: [String] = []
            for step in steps {
                if task.state.hasEnded { task = try await cluster.schedule(definition) }
                if cluster.tasks.count == 1 {
                    let running = try cluster.tasks["web"]
                    switch step.event {
                    case 0, 1: running.exit(step.event)
                    case 2: running.setLive(false)
                    case 3: running.setReady(false)
                    case 4: running.setReady(true)
                    default: break
                    }
                }
                await cluster.settle()
                if jumping { cluster.clock.shiftWallClock(by: .seconds(step.jump)) }
                await cluster.advance(by: .seconds(step.seconds))
                task = try await cluster.manager.task(task.id)
                let reason = task.reason?.rawValue ?? "-"
                seen.append("\(task.state) \(task.ready) \(reason) run \(task.run), \(task.restarts) restarts")
            }
            return seen
        }
    }
}
