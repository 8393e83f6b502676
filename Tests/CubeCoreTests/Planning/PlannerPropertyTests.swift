import CubeCore
import CubeErrors
import CubeTesting
import CubeText
import CubeTypes
import Testing

/// Properties of every plan, with random manifests, faults and directives. A failure prints its seed.
struct PlannerPropertyTests {
    @Test func `every plan keeps the invariants, and the system converges after faults`() throws {
        let expected = [
            "schedule", "update", "replace", "scale_down", "prune", "restart", "retry", "kept", "converged",
            "guard_window", "guard_empty", "guard_foreign", "root_replaced", "source_busy", "prune_disabled",
            "guard_storage", "suspended", "approved", "surge", "deadline_exceeded", "ignored", "group_invalid",
            "reverted", "node_drained",
            "dependency_unhealthy", "dependents_running", "unknown_dependency", "dependency_cycle",
        ]
        var counts: [String: Int] = [:]
        let first = SeededGenerator().seed
        // Eight histories, and more while some expected event has not occurred yet.
        for index in 0..<200 where index < 8 || !expected.allSatisfy({ counts[$0, default: 0] > 0 }) {
            let seed = first &+ UInt64(index)
            var chaos = PlanningChaos(seed: seed)
            for _ in 0..<120 { chaos.step() }
            chaos.recover()
            #expect(chaos.complaints == [], "seed \(seed)")
            guard chaos.complaints.isEmpty else { return }
            counts.merge(chaos.counts, uniquingKeysWith: +)
        }
        print(
            "seed \(first):", counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        )
        for word in expected { #expect(counts[word, default: 0] > 0, "\(word) never occurred") }
    }

    /// The reconciler holds no authoritative state: its folder may be deleted, and another machine may take over, at any time.
    @Test func `a reconciler that restarts at any time prunes and holds the same names`() {
        var compared = 0
        let first = SeededGenerator().seed
        for seed in (0..<12).map({ first &+ $0 }) {
            var chaos = PlanningChaos(seed: seed)
            for _ in 0..<60 {
                chaos.step()
                chaos.compareWithAnotherMachine()
            }
            compared += chaos.counts["compared prunes", default: 0]
            #expect(chaos.complaints == [], "seed \(seed)")
        }
        #expect(compared > 0)
    }

    @Test func `a reconciler that restarts after convergence makes the same plan`() {
        let first = SeededGenerator().seed
        for seed in (0..<6).map({ first &+ $0 }) {
            var chaos = PlanningChaos(seed: seed)
            for _ in 0..<60 { chaos.step() }
            chaos.recover()
            var moved = chaos.world
            moved.move()
            var texts: [String] = []
            for var world in [chaos.world, moved] {
                world.readTwice()
                let plan = world.planner.pass(now: world.now)
                texts.append(PlanText(world.planner.document(plan, at: world.now)).text + "\(plan.actions)")
                #expect(plan.notes.isEmpty && plan.isConverged, "seed \(seed)")
            }
            #expect(texts[0] == texts[1], "seed \(seed)")
        }
    }

    @Test func `the order of the input does not affect a plan`() {
        let first = SeededGenerator().seed
        for seed in (0..<10).map({ first &+ $0 }) {
            var chaos = PlanningChaos(seed: seed)
            for _ in 0..<40 { chaos.step() }
            var texts: Set<String> = []
            for _ in 0..<4 {
                var planner = Planner(owner: PlanningWorld.owner)
                var list = chaos.world.list
                list.tasks.shuffle(using: &chaos.random)
                list.slots.shuffle(using: &chaos.random)
                list.owner?.directives.shuffle(using: &chaos.random)
                planner.update(ObservedState(list, of: PlanningWorld.owner))
                planner.update(chaos.snapshot())
                let plan = planner.pass(now: chaos.world.now)
                texts.insert(PlanText(planner.document(plan, at: chaos.world.now)).text + "\(plan.actions)")
            }
            #expect(texts.count == 1, "seed \(seed)")
        }
    }

    @Test func `the cost of a pass is proportional to the change`() {
        var world = PlanningWorld()
        for index in 0..<1000 { world.write("w\(index).json", Workload("w\(index)", suspend: index >= 20)) }
        world.read()
        #expect(world.planner.pass(now: world.now).decided == 1000)
        world.settle()
        world.write("w7.json", Workload("w7", "two"))
        world.read()
        let plan = world.step()
        #expect(plan.decided == 1)
        #expect(plan.reports.count == 1)
        world.settle()
        #expect(world.planner.pass(now: world.now).decided == 0)
    }
}
