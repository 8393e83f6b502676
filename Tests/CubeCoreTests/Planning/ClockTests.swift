import CubeCore
import CubeTypes
import Testing

/// Jumps of a wall clock change only decisions with an explicit wall-clock time.
struct ClockTests {
    private func standstill(_ world: PlanningWorld) -> String? {
        world.planner.entry(WorkloadName(rawValue: "web")!)?.report.status.conditions
            .first { $0.type == .stalled && $0.status }?.reason
    }

    @Test(arguments: [-3600, 3600])
    func `a jump of the manager's and the worker's clock neither ends a rollout early nor prevents its end`(
        seconds: Int
    ) {
        var world = PlanningWorld()
        world.behaviour = ["new": .hang]
        world.write("web.json", Workload("web", "old"))
        world.read()
        world.settle()
        (world.managerAhead, world.ahead) = (.seconds(seconds), .seconds(seconds))
        world.write("web.json", Workload("web", "new"))
        world.read()
        for _ in 0..<4 {
            world.step()
            world.work()
            world.look()
        }
        _ = world.planner.pass(now: world.now)
        #expect(standstill(world) == nil)
        world.now = world.now + .seconds(590)
        _ = world.planner.pass(now: world.now)
        #expect(standstill(world) == nil)
        world.now = world.now + .seconds(20)
        _ = world.planner.pass(now: world.now)
        #expect(standstill(world) == "deadline_exceeded")
    }

    @Test(arguments: [-3600, 3600])
    func `however a clock jumps, a new task must be ready for min_healthy before it counts as available`(seconds: Int) {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "old", replicas: 2))
        world.read()
        world.settle()
        (world.managerAhead, world.ahead) = (.seconds(seconds), .seconds(seconds))
        world.write("web.json", Workload("web", "new", replicas: 2))
        world.read()
        for _ in 0..<4 {
            world.step()
            world.work()
            world.look()
        }
        // One of two tasks was replaced, and its successor has not been ready for five seconds yet.
        #expect(world.live("web").map(\.definition.command) == [["new"], ["old"]])
        world.now = world.now + .seconds(5)
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["new"], ["new"]])
    }

    @Test func `only the manager ends a suspension, by its own clock`() {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "old"))
        world.read()
        world.settle()
        world.direct(.suspend, "web", expires: .seconds(3600))
        world.managerAhead = .seconds(-7200)
        world.write("web.json", Workload("web", "new"))
        world.read()
        world.now = world.now + .seconds(3600)
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["old"]])
        world.managerAhead = .zero
        world.tick()
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["new"]])
    }
}
