import CubeCore
import CubeText
import CubeTypes
import Testing

/// What is decided and shown about jobs that have completed.
struct CompletedJobTests {
    private func status(_ world: PlanningWorld) throws -> WorkloadStatus {
        var world = world
        _ = world.planner.pass(now: world.now)
        return try #require(world.planner.entry(WorkloadName(rawValue: "job")!)).report.status
    }

    /// A world in which a job has had these commands, of which `once` completes.
    private func world(
        _ commands: String..., replicas: Int = 1, behaviour: PlanningWorld.Behaviour = .run
    ) -> PlanningWorld {
        var world = PlanningWorld()
        world.behaviour = ["once": .complete, "twice": behaviour]
        for command in commands {
            world.write("job.json", Workload("job", command, replicas: replicas, kind: .job))
            world.read()
            world.settle()
        }
        return world
    }

    @Test(arguments: [PlanningWorld.Behaviour.complete, .fail, .run])
    func `a job whose manifest goes back to a completed definition is shown as one that has just completed`(
        behaviour: PlanningWorld.Behaviour
    ) throws {
        for replicas in 1...2 {
            let done = try status(world("once", replicas: replicas))
            let back = try status(world("once", "twice", "once", replicas: replicas, behaviour: behaviour))
            #expect(done.readiness == "done" && done.sync == .synced && done.health == .healthy)
            #expect(back.readiness == "done" && back.sync == .synced && back.health == .healthy)
            #expect(done.replicas == .init(desired: replicas, live: 0, ready: 0, completed: replicas))
            #expect(back.replicas == done.replicas)
            // It stays completed while no reconciler is running.
            for known in [done, back] {
                let unattended = known.unattended([])
                #expect(unattended.readiness == "done" && unattended.health == .healthy)
            }
        }
    }

    @Test func `a job that runs another definition is not done, and neither is one that will`() throws {
        let running = try status(world("once", "twice"))
        #expect(running.readiness == "1/1" && running.replicas.completed == 0)
        var waiting = world("once")
        waiting.behaviour["hang"] = .hang
        waiting.write("db.json", Workload("db", "hang"))
        waiting.write("job.json", Workload("job", "twice", kind: .job, dependsOn: ["db"]))
        waiting.read()
        waiting.settle()
        let changed = try status(waiting)
        #expect(changed.tasks.map(\.state) == [.completed])
        #expect(changed.readiness == "0/1" && changed.replicas.completed == 0)
    }

    @Test func `a completed job with an invalid file is done`() throws {
        var world = world("once", replicas: 2)
        world.spoil("job.json")
        world.read()
        world.settle()
        #expect(try status(world).readiness == "done")
    }

    // MARK: Restarts

    private func task(_ state: TaskState, _ ordinal: Int = 0, attempt: Int = 0, kind: TaskKind = .job) -> TaskStatus {
        let definition = TaskDefinition(name: "job", kind: kind, command: ["x"])
        return TaskStatus(
            id: TaskID(rawValue: "0000000\(attempt)-000\(ordinal)-5000-8000-000000000000")!, owner: .default,
            name: "job", ordinal: ordinal, attempt: attempt, state: state, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, createdAt: PlanningWorld.start, createdRevision: 1, revision: 1,
            definition: definition)
    }

    private func declared(_ replicas: Int, kind: TaskKind = .job) -> WorkloadStatus {
        WorkloadStatus(
            name: "job", kind: kind, sync: .synced, health: .progressing,
            replicas: WorkloadStatus.Replicas(desired: replicas, live: 0, ready: 0))
    }

    @Test func `a job has no task to restart once the last task of every replica has completed`() {
        let done = [task(.completed, 0, attempt: 1), task(.failed, 0, attempt: 0)]
        #expect(done.isCompletedJob(declared: nil) && done.isCompletedJob(declared: declared(1)))
        #expect(!done.isCompletedJob(declared: declared(2)), "the second replica has never run")
        #expect(!done.isCompletedJob(declared: declared(1, kind: .service)), "it is a service now")
        for (state, isCompleted) in [(TaskState.completed, true), (.failed, false), (.running, false)] {
            let tasks = done + [task(state, 1)]
            #expect(tasks.isCompletedJob(declared: declared(2)) == isCompleted, "\(state)")
        }
        let service = [task(.completed, kind: .service)]
        #expect(!service.isCompletedJob(declared: nil))
        let none: [TaskStatus] = []
        #expect(!none.isCompletedJob(declared: nil))
    }

    @Test(arguments: [PlanningWorld.Behaviour.fail, .run])
    func `a job that has completed again has no task to restart, although its last task did not complete`(
        behaviour: PlanningWorld.Behaviour
    ) throws {
        var world = world("once", "twice", "once", behaviour: behaviour)
        let status = try status(world)
        #expect(world.list.tasks.isCompletedJob(declared: status))
        world.direct(.restart, "job")
        #expect(world.planner.pass(now: world.now).actions.isEmpty)
        // The written status is older than a retry.
        world.behaviour["once"] = .run
        world.direct(.retry, "job")
        world.settle()
        #expect(world.live("job").count == 1)
        #expect(!world.list.tasks.isCompletedJob(declared: status))
    }

    @Test func `a service has no completed replicas`() throws {
        var world = PlanningWorld()
        world.write("job.json", Workload("job"))
        world.read()
        world.settle()
        #expect(try status(world).replicas == .init(desired: 1, live: 1, ready: 1))
    }
}
