import CubeCore
import CubeTypes
import Testing

/// The cost of passes: the numbers of decided names, written files and notes for the manager.
struct PassCostTests {
    private struct Cost: Hashable {
        var decided = 0
        var reports = 0
        var notes = 0
    }

    @Test func `the cost of an edit or a deletion does not depend on the number of workloads`() {
        #expect(Self.costs(of: 10) == Self.costs(of: 1000))
    }

    @Test func `a pass without changes decides nothing`() {
        var world = Self.world(of: 100)
        world.read()
        #expect(Self.settle(&world) == Cost())
    }

    /// The costs of an edit, of an edit of a suspended workload, and of a deletion, among a number of workloads.
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

    /// Five running workloads, and many suspended ones.
    private static func world(of count: Int) -> PlanningWorld {
        var world = PlanningWorld()
        for number in 0..<count { world.write("w\(number).json", Workload("w\(number)", suspend: number >= 5)) }
        world.readTwice()
        _ = settle(&world)
        #expect(world.live().count == 5)
        return world
    }

    /// Like ``PlanningWorld/settle(rounds:)``, for half a minute.
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
