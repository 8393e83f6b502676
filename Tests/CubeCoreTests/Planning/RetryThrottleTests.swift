import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

/// The pauses and limits of retries.
struct RetryThrottleTests {
    private static let start = PlanningWorld.start

    @Test func `ten requests with retries may be sent at once, and then one every five seconds`() {
        var budget = RetryThrottle()
        for _ in 0..<10 {
            #expect(budget.next(at: Self.start) == nil)
            budget.spend(at: Self.start)
        }
        #expect(budget.next(at: Self.start) == Self.start + .seconds(5))
        budget.spend(at: Self.start)
        #expect(budget.next(at: Self.start + .seconds(4)) == Self.start + .seconds(5))
        #expect(budget.next(at: Self.start + .seconds(5)) == nil)
        budget.spend(at: Self.start + .seconds(5))
        #expect(budget.next(at: Self.start + .seconds(5)) == Self.start + .seconds(10))
        #expect(budget.next(at: Self.start + .seconds(3600)) == nil)
    }

    @Test func `an hour of retries sends no more requests than the throttle permits`() {
        let first = SeededGenerator().seed
        var random = SeededGenerator(seed: first)
        var budget = RetryThrottle()
        var (now, calls) = (Self.start, 0)
        while now < Self.start + .seconds(3600) {
            if budget.next(at: now) == nil {
                budget.spend(at: now)
                calls += 1
            }
            now = now + .milliseconds(Int.random(in: 0...2000, using: &random))
        }
        #expect((600...730).contains(calls), "seed \(first)")
    }

    @Test func `pauses double up to a minute, and differ between tasks`() throws {
        let ids = (0..<50).map { attempt in
            TaskID.derive(
                cluster: PlanningWorld().cluster.cluster, owner: .default, name: WorkloadName(rawValue: "web")!,
                ordinal: 0,
                attempt: attempt, digest: .sha256(of: "web"))
        }
        for (tries, longest) in [(1, 1), (2, 2), (4, 8), (7, 60), (70, 60)] {
            let pauses = ids.map { ActionBackoff.pause(after: tries, of: $0) }
            let bounds = Duration.seconds(longest) / 2 ... .seconds(longest)
            #expect(pauses.allSatisfy(bounds.contains))
            #expect(Set(pauses).count == ids.count)
        }
    }

    @Test func `if the manager refuses everything, requests become rare, and new actions do not wait`() {
        var world = PlanningWorld()
        for index in 0..<60 { world.write("w\(index).json", Workload("w\(index)")) }
        world.read()
        let refusal = APIError(.storageFull, "the disk is full")
        var (calls, states): (Int, Set<String>) = (0, [])
        for _ in 0..<600 {
            let plan = world.planner.pass(now: world.now)
            for case let report? in plan.reports.values { states.formUnion(report.drift?.actions.map(\.reason) ?? []) }
            if !plan.actions.isEmpty {
                calls += 1
                world.planner.willSend(plan.actions, at: world.now)
                for action in plan.actions {
                    world.planner.answered(action, at: world.now, revision: 0, error: refusal)
                }
            }
            world.now = world.now + .milliseconds(500)
        }
        // Within five minutes: one request for all actions, a burst of ten, and at most sixty more.
        #expect(calls <= 71)
        #expect(states.isSuperset(of: ["no_effect", "retry_budget"]))
        world.write("new.json", Workload("new"))
        world.read()
        #expect(world.planner.pass(now: world.now).actions.map(\.name.rawValue).contains("new"))
    }
}
