import CubeCore
import CubeTypes
import Testing

/// A wall clock that jumps changes no decision but those that a person bound to a time of day.
struct ClockTests {
    private func standstill(_ world: PlanningWorld) -> String? {
        world.planner.entry(WorkloadName(rawValue: "web")!)?.report.status.conditions
            .first { $0.type == .stalled && $0.status }?.reason
    }

    @Test(arguments: [-3600, 3600])
    func `a clock of the manager and the worker that jumps neither ends a rollout early nor keeps it from its end`(
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
    func `however a clock jumps, what began to work must work for as long as the update policy says`(seconds: Int) {
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
        // One of two was replaced, and its successor has not worked for five seconds yet.
        #expect(world.live("web").map(\.definition.command) == [["new"], ["old"]])
        world.now = world.now + .seconds(5)
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["new"], ["new"]])
    }

    @Test func `a freeze ends when the manager says so, by its clock alone`() {
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
