import CubeCore
import CubeTypes
import Testing

/// What passes cost, as counts: of names that were decided, of files that are to be written, and of what the manager is told.
struct PassCostTests {
    private struct Cost: Hashable {
        var decided = 0
        var reports = 0
        var notes = 0
    }

    @Test func `an edit and a deletion cost the same, however many workloads there are`() {
        #expect(Self.costs(of: 10) == Self.costs(of: 1000))
    }

    @Test func `a pass without news decides nothing`() {
        var world = Self.world(of: 100)
        world.read()
        #expect(Self.settle(&world) == Cost())
    }

    /// What an edit and a deletion cost among so many workloads, and a suspended one's.
    private static func costs(of count: Int) -> [Cost] {
        var world = world(of: count)
        var costs: [Cost] = []
        world.write("w0.json", Workload("w0", "run", "another"))
        world.read()
        costs.append(settle(&world))
        world.write("w9.json", Workload("w9", "run", "another", suspend: true))
        world.read()
        costs.append(settle(&world))
        world.files["w1.json"] = nil
        world.readTwice()
        costs.append(settle(&world))
        #expect(world.planner.desired.workloads.count == count - 1)
        #expect(costs.allSatisfy { $0.decided > 0 && $0.reports > 0 })
        return costs
    }

    /// Five workloads that run, and many that are suspended.
    private static func world(of count: Int) -> PlanningWorld {
        var world = PlanningWorld()
        for number in 0..<count { world.write("w\(number).json", Workload("w\(number)", suspend: number >= 5)) }
        world.readTwice()
        _ = settle(&world)
        #expect(world.live().count == 5)
        return world
    }

    /// As ``PlanningWorld/settle(rounds:)``, with everything that happens within half a minute.
    private static func settle(_ world: inout PlanningWorld) -> Cost {
        var cost = Cost()
        for _ in 0..<60 {
            let plan = world.step()
            cost.decided += plan.decided
            cost.reports += plan.reports.count
            cost.notes += plan.notes.declared.count + plan.notes.withdrawn.count
            world.work()
            world.look()
            world.now = world.now + .milliseconds(500)
        }
        return cost
    }
}
