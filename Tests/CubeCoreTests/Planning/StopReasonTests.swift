import CubeCore
import CubeErrors
import CubeTypes
import Testing

/// The reasons of stops that are in flight.
struct StopReasonTests {
    private let web = WorkloadName(rawValue: "web")!

    /// A cluster in which a task of `web` is stopping because a client requested that, as `cube down` does.
    private func stopping(_ workload: Workload) -> PlanningWorld {
        var world = PlanningWorld()
        world.write("web.json", workload)
        world.read()
        world.settle()
        let id = world.live("web")[0].id
        world.commit { transaction throws(APIError) in _ = try transaction.stop(id) }
        world.look()
        return world
    }

    /// Returns the reason of the stop that is in flight: that of the action, and that of the condition.
    private func reasons(_ world: PlanningWorld) throws -> [String?] {
        var world = world
        _ = world.planner.pass(now: world.now)
        let report = try #require(world.planner.entry(web)).report
        let stop = report.drift?.actions.first { $0.verb == .stop && $0.state == .inFlight }
        return [stop?.reason, report.status.conditions.first { $0.type == .reconciling }?.reason]
    }

    @Test func `a stop that a client requested has that reason, if the task is as declared`() throws {
        let world = stopping(Workload("web", "one"))
        #expect(try reasons(world) == ["stop_requested", "stop_requested"])
    }

    @Test func `a stopping task that differs from its manifest is replaced for that reason`() throws {
        var world = stopping(Workload("web", "one"))
        world.write("web.json", Workload("web", "two"))
        world.read()
        #expect(try reasons(world) == ["spec_changed", "spec_changed"])
    }

    @Test func `a stopping task that is to restart is replaced for that reason`() throws {
        var world = stopping(Workload("web", "one"))
        world.direct(.restart, "web")
        #expect(try reasons(world) == ["restart", "restart"])
    }

    @Test func `a task that was asked to stop is no duplicate of the task that was started beside it`() throws {
        var world = stopping(
            Workload("web", "one", update: UpdatePolicy(maxUnavailable: 0, maxSurge: 1)))
        world.step()
        #expect(world.live("web").map(\.attempt) == [0, 1])
        #expect(try reasons(world)[0] == "stop_requested")
    }
}
