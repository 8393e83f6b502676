import CubeCore
import CubeErrors
import CubeTypes

extension Scenario {
    /// The ends of tasks, and their retries.
    static let ends: [Scenario] = [
        Scenario("failed") { story in
            story.world.behaviour = ["bad": .fail]
            story.world.write("web.json", Workload("web", "bad"))
            story.world.read()
            story.world.settle()
            story.show("its restarts are used up")
            story.world.direct(.retry, "web")
            story.step("cube retry web")
            story.show("it failed again")
            story.world.write("web.json", Workload("web", "bad", labels: ["team": "a"]))
            story.world.read()
            story.show("a setting changes in place")
            story.world.write("web.json", Workload("web", "good"))
            story.world.read()
            story.show("its command changes")
        },
        Scenario("failed-gone-and-back") { story in
            story.world.behaviour = ["bad": .fail]
            story.world.write("web.json", Workload("web", "bad"))
            story.world.read()
            story.world.settle()
            story.world.files = [:]
            story.world.readTwice()
            story.step("its manifest is removed")
            story.world.write("web.json", Workload("web", "bad"))
            story.world.read()
            story.show("its manifest is added again: the task is retried")
        },
        Scenario("contested") { story in
            story.world.write("web.json", Workload("web", replicas: 2))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            for _ in 0..<2 {
                story.world.interrupt("web", 1)
                story.world.settle()
            }
            story.world.interrupt("web", 1)
            story.step("another client stopped web/1 for the third time")
            story.world.now = story.world.now + .seconds(1200)
            story.world.interrupt("db")
            story.step("later, web is still held, and other workloads are not affected")
            story.world.direct(.retry, "web")
            story.step("cube retry web")
            story.show("web/1 is running")
        },
        Scenario("contested-settings") { story in
            story.world.write("web.json", Workload("web", labels: ["team": "a"]))
            story.world.read()
            story.world.settle()
            for _ in 0..<3 {
                story.world.tamper("web", labels: ["team": "b"])
                story.world.settle()
            }
            story.world.tamper("web", labels: ["team": "b"])
            story.step("another client reverted the labels three times")
            story.world.write("web.json", Workload("web", labels: ["team": "c"]))
            story.world.read()
            story.show("the manifest changes: the new settings were not undone yet")
        },
        Scenario("crashing") { story in
            story.world.behaviour = ["bad": .crash]
            story.world.write("web.json", Workload("web", "bad"))
            story.world.read()
            story.world.settle()
            story.show("the task waits between two runs")
        },
        Scenario("crash-loop") { story in
            story.world.write("web.json", Workload("web", "good", update: UpdatePolicy(deadline: .seconds(60))))
            story.world.read()
            story.world.settle()
            story.world.now = story.world.now + .seconds(5)
            story.world.settle()
            story.world.become(.loop, "web")
            story.world.now = story.world.now + .seconds(3600)
            story.show("a task that worked crashes repeatedly: it is restarted indefinitely")
            story.world.become(.probation, "web")
            story.world.now = story.world.now + .seconds(30)
            story.show("the task is ready, but has not been stable for long enough")
            story.world.become(.run, "web")
            story.world.settle()
            story.world.now = story.world.now + .seconds(30)
            story.show("the task is stable again")
            story.world.behaviour = ["bad": .loop]
            story.world.write("web.json", Workload("web", "bad", update: UpdatePolicy(deadline: .seconds(60))))
            story.world.read()
            story.world.settle()
            story.show("a new version crashes repeatedly")
            story.world.become(.probation, "web")
            story.world.now = story.world.now + .seconds(60)
            story.show("the rollout fails at its deadline, even while the task is running between two crashes")
        },
        Scenario("job") { story in
            story.world.behaviour = ["once": .complete, "twice": .complete]
            story.world.write("job.json", Workload("job", "once", kind: .job))
            story.world.read()
            story.step("a job")
            story.show("the job completed")
            story.world.files = [:]
            story.world.readTwice()
            story.show("its manifest is removed")
            story.world.write("job.json", Workload("job", "once", kind: .job))
            story.world.read()
            story.show("its manifest is added again: the job is not run again")
            story.world.write("job.json", Workload("job", "twice", kind: .job))
            story.world.read()
            story.step("its command changes")
            story.world.write("job.json", Workload("job", "once", kind: .job))
            story.world.read()
            story.show("its command changes back: the job is not run again")
            story.world.direct(.retry, "job")
            story.step("cube retry job")
            story.show("the job ran once more")
        },
        Scenario("stopped-by-a-person") { story in
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            let id = story.world.live("web")[0].id
            story.world.commit { transaction throws(APIError) in _ = try transaction.stop(id) }
            story.world.look()
            story.show("after cube task stop, the task is stopping")
            story.world.work()
            story.world.look()
            story.show("the task has ended")
        },
        Scenario("suspend") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 2))
            story.world.write("off.json", Workload("off", suspend: true))
            story.world.read()
            story.world.settle()
            story.world.direct(.suspend, "web", expires: .seconds(60))
            story.world.write("web.json", Workload("web", "two", replicas: 3))
            story.world.read()
            story.show("cube suspend web, and a change")
            story.world.files["web.json"] = nil
            story.world.readTwice()
            story.show("its manifest is removed")
            story.world.write("web.json", Workload("web", "two", replicas: 3))
            story.world.read()
            story.world.now = story.world.now + .seconds(60)
            story.world.tick()
            story.show("the suspension ends")
        },
        Scenario("silent-node") { story in
            story.world.write("web.json", Workload("web", "one"))
            story.world.read()
            story.world.settle()
            story.world.silence()
            story.show("its worker is silent")
            story.world.write("web.json", Workload("web", "two"))
            story.world.read()
            story.show("and its command changes")
        },
        Scenario("clock-ahead") { story in
            story.world.ahead = .seconds(3600)
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.step("its worker's clock is an hour ahead")
            story.show("all tasks were started")
            story.world.now = story.world.now + .seconds(5)
            story.show("five seconds later")
        },
        Scenario("no-effect") { story in
            story.world.write("web.json", Workload("web"))
            story.world.read()
            for round in 1...3 {
                let plan = story.world.planner.pass(now: story.world.now)
                for action in plan.actions {
                    story.world.planner.answered(
                        action, at: story.world.now, revision: story.world.cluster.revision,
                        error: APIError(.storageFull, "the disk is full"))
                }
                story.show("answer \(round)")
                story.world.now = story.world.planner.pass(now: story.world.now).wakeAt!
            }
            story.world.settle()
            story.show("the disk has room again")
        },
        Scenario("unmanaged") { story in
            let definition = TaskDefinition(name: WorkloadName(rawValue: "tool")!, command: ["run"])
            let cluster = story.world.cluster.cluster
            let (spec, settings) = (definition.specDigest, definition.settingsDigest)
            story.world.commit { transaction throws(APIError) in
                let id = TaskID.derive(
                    cluster: cluster, owner: .manual, name: definition.name, ordinal: 0, attempt: 0, digest: spec)
                let proposal = TaskProposal(
                    id: id, name: definition.name, ordinal: 0, attempt: 0, specDigest: spec,
                    settingsDigest: settings, definition: definition)
                _ = try transaction.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal))
            }
            story.world.relist()
            story.world.readTwice()
            story.show("a task of another owner")
        },
    ]
}
