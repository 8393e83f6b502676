import CubeCore
import CubeTypes
import Testing

/// Dependents of a job wait for its completion.
struct JobDependencyTests {
    /// `app` needs `migrate`; both run their first version.
    private func started(replicas: Int = 1) -> PlanningWorld {
        var world = PlanningWorld()
        world.writeAppAndJob("one", replicas: replicas)
        world.read()
        world.settle()
        return world
    }

    private func status(_ world: PlanningWorld, _ name: String) -> WorkloadStatus? {
        world.planner.entry(WorkloadName(rawValue: name)!)?.report.status
    }

    private func started(_ world: PlanningWorld, _ name: String) -> [[String]] {
        world.live(name).map(\.definition.command)
    }

    @Test func `a running job is progressing, and its dependents are not started`() {
        var world = started()
        #expect(status(world, "migrate")?.health == .progressing)
        #expect(status(world, "migrate")?.sync == .synced)
        #expect(!world.planner.pass(now: world.now).isConverged)
        #expect(world.live("app").isEmpty)
        #expect(status(world, "app")?.health == .missing)
        world.become(.complete, "migrate")
        world.settle()
        #expect(status(world, "migrate")?.health == .healthy)
        #expect(started(world, "app") == [["one"]])
        #expect(world.planner.pass(now: world.now).isConverged)
    }

    @Test func `every task of a job must complete`() {
        var world = started(replicas: 2)
        world.become(.complete, "migrate", 0)
        world.settle()
        #expect(status(world, "migrate")?.conditions.first?.message == "1 of 2 tasks of the job has completed")
        #expect(world.live("app").isEmpty)
        world.become(.complete, "migrate", 1)
        world.settle()
        #expect(started(world, "app") == [["one"]])
    }

    @Test func `a failed job blocks its dependents`() {
        var world = started()
        world.become(.fail, "migrate")
        world.settle()
        #expect(status(world, "migrate")?.health == .degraded)
        #expect(world.live("app").isEmpty)
        // A client that waits for convergence sees that no progress is possible without intervention.
        let conditions = world.planner.pass(now: world.now).summary.conditions.map(\.type)
        #expect(conditions.contains(.stalled) && !conditions.contains(.reconciling))
        world.direct(.retry, "migrate")
        world.settle()
        world.become(.complete, "migrate")
        world.settle()
        #expect(started(world, "app") == [["one"]])
    }

    @Test func `if a job and its dependent change together, the new dependent waits for the new job`() {
        var world = started()
        world.become(.complete, "migrate")
        world.settle()
        world.writeAppAndJob("two")
        world.read()
        world.settle()
        #expect(started(world, "migrate") == [["two"]] && started(world, "app") == [["one"]])
        world.become(.complete, "migrate")
        world.settle()
        #expect(started(world, "app") == [["two"]])
    }

    @Test func `a suspended job unblocks its dependents only when it has completed`() {
        var world = started()
        world.direct(.suspend, "migrate")
        world.settle()
        #expect(world.live("app").isEmpty)
        world.become(.complete, "migrate")
        world.settle()
        #expect(started(world, "app") == [["one"]])
    }

    @Test
    func
        `a job with an invalid file has the health of its tasks, and unblocks its dependents only when it has completed`()
    {
        var world = started()
        world.spoil("migrate.json")
        world.read()
        world.settle()
        #expect(status(world, "migrate")?.health == .progressing)
        #expect(world.live("app").isEmpty)
        world.become(.complete, "migrate")
        world.settle()
        let kept = status(world, "migrate")
        #expect(kept?.health == .healthy && kept?.kind == .job)
        #expect(kept?.tasks.map(\.state) == [.completed] && kept?.replicas.desired == 1)
        #expect(started(world, "app") == [["one"]])
    }

    @Test func `a failed workload with an invalid file is degraded, not missing`() {
        var world = started()
        world.become(.fail, "migrate")
        world.spoil("migrate.json")
        world.read()
        world.settle()
        #expect(status(world, "migrate")?.health == .degraded)
    }

    @Test func `a file with errors is reported as invalid, with the number of errors`() {
        var world = started()
        world.spoil("migrate.json")
        world.read()
        world.settle()
        let stale = status(world, "migrate")?.conditions.first { $0.type == .stale }
        #expect(stale?.message == "migrate.json is invalid (1 error); the workload stays unchanged")
    }

    @Test func `a changed job that had completed is reported with the changed field`() throws {
        var world = started()
        world.become(.complete, "migrate")
        world.settle()
        world.write("migrate.json", Workload("migrate", "two", kind: .job))
        world.read()
        let plan = world.planner.pass(now: world.now)
        let entry = try #require(world.planner.document(plan, at: world.now).workloads.first)
        #expect(entry.differences.map(\.field) == ["command"])
        #expect(entry.actions.map(\.message) == ["its definition changed"])
    }
}
