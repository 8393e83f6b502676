import CubeCore
import CubeTypes

extension Scenario {
    /// Rollouts.
    static let rollouts: [Scenario] = [
        Scenario("surge") { story in
            let startFirst = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
            story.world.write("web.json", Workload("web", "one", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 2, update: startFirst))
            story.world.read()
            story.step("the command changed: one surge task is started")
            story.show("the old task stays until the new one has been ready for five seconds")
            story.world.now = story.world.now + .seconds(5)
            story.step("five seconds later, the old task is stopped")
            story.step("the surge is free for the next task")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("surge-and-unavailable") { story in
            let both = UpdatePolicy(maxUnavailable: 1, maxSurge: 2)
            story.world.write("web.json", Workload("web", "one", replicas: 4, update: both))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 4, update: both))
            story.world.read()
            story.step("two surge tasks are started beside four, one of which may stop at once")
            story.show("afterwards")
        },
        Scenario("surge-fix-during-hanging-rollout") { story in
            let startFirst = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
            story.world.behaviour = ["bad": .hang]
            story.world.write("web.json", Workload("web", "good", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.show("the surge task hangs beside the working tasks")
            story.world.write("web.json", Workload("web", "fixed", replicas: 2, update: startFirst))
            story.world.read()
            story.step("a fix: the hanging task is stopped")
            story.show("the fix takes its place")
            story.world.write("web.json", Workload("web", "good", replicas: 2, update: startFirst))
            story.world.read()
            story.show("or the change is undone: the working tasks stay")
        },
        Scenario("surge-fails") { story in
            let startFirst = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
            story.world.behaviour = ["bad": .fail]
            story.world.write("web.json", Workload("web", "good", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.show("the surge task failed: the working tasks stay")
            story.world.direct(.retry, "web")
            story.show("cube retry web")
        },
        Scenario("drain") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 2))
            story.world.write(
                "api.json", Workload("api", "one", replicas: 2, update: UpdatePolicy(maxUnavailable: 0, maxSurge: 1)))
            story.world.write("report.json", Workload("report", "long", kind: .job))
            story.world.read()
            story.world.settle()
            story.world.join("w2")
            story.world.drain(PlanningWorld.node)
            story.step("w1 is drained: one task of web is stopped, and a second task of api is started on w2")
            story.step("the stopped task is started on w2")
            story.world.now = story.world.now + .seconds(5)
            story.step("five seconds later, the former task of api is stopped; web waits for its new task")
            story.world.settle()
            story.show("at the end, only the job is left on w1")
        },
        Scenario("drain-without-room") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 2, millicores: 1000))
            story.world.read()
            story.world.settle()
            story.world.join("w2", millicores: 1000)
            story.world.drain(PlanningWorld.node)
            story.step("w1 is drained, and w2 has room for one task of two")
            story.world.settle()
            story.show("the other one stays")
            story.world.join("w3", millicores: 1000)
            story.step("w3 has room for it")
        },
        Scenario("rollout-deadline") { story in
            story.world.behaviour = ["bad": .hang]
            story.world.write("web.json", Workload("web", "good", replicas: 3, update: .until(60)))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 3, update: .until(60)))
            story.world.read()
            story.world.settle()
            story.world.now = story.world.now + .seconds(60)
            story.show("the new task was not available within a minute")
            story.world.move()
            story.world.read()
            story.show("another process sees the same")
            story.world.direct(.retry, "web")
            story.show("cube retry web: the task has another minute")
            story.world.become(.run, "web")
            story.world.settle()
            story.show("the task becomes ready: the rollout continues, and hangs again")
            story.world.write("web.json", Workload("web", "fixed", replicas: 3, update: .until(60)))
            story.world.read()
            story.show("a fix is rolled out, even a minute later")
        },
        Scenario("rollout-fails") { story in
            story.world.behaviour = ["bad": .fail]
            let two = UpdatePolicy(maxUnavailable: 2)
            story.world.write("web.json", Workload("web", "good", replicas: 3, update: two))
            story.world.read()
            story.world.settle()
            story.world.become(.crash, "web", 2)
            story.world.write("web.json", Workload("web", "bad", replicas: 3, update: two))
            story.world.read()
            story.step("two tasks may be unavailable, and a crashing task is replaced at once")
            story.world.settle()
            story.show("the replacements failed: the last old task stays")
        },
        Scenario("rollout-reverts") { story in
            story.world.behaviour = ["bad": .hang]
            let policy = UpdatePolicy(deadline: .seconds(60), onFailure: .revert)
            story.world.write("web.json", Workload("web", "good", replicas: 3, update: policy))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 3, update: policy))
            story.world.read()
            story.world.settle()
            story.world.now = story.world.now + .seconds(60)
            story.step("the new task was not available within a minute: it is stopped")
            story.world.move()
            story.world.read()
            story.step("another process continues")
            story.world.settle()
            story.show("the last healthy definition runs, and the failure is reported")
            story.world.write("web.json", Workload("web", "fixed", replicas: 3, update: policy))
            story.world.read()
            story.step("a fix")
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 3, update: policy))
            story.world.read()
            story.show("the rejected definition is declared again: it is tried again")
        },
        Scenario("rollout-reverts-and-is-retried") { story in
            story.world.behaviour = ["bad": .fail]
            let policy = UpdatePolicy(maxUnavailable: 0, maxSurge: 1, onFailure: .revert)
            story.world.write("web.json", Workload("web", "good", replicas: 2, update: policy))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 2, update: policy))
            story.world.read()
            story.world.settle()
            story.show("the surge task failed: no working task was lost, and nothing more is tried")
            story.world.become(.fail, "web", 0)
            story.world.settle()
            story.show("the old task failed too")
            story.world.direct(.retry, "web")
            story.world.behaviour = [:]
            story.step("cube retry web")
            story.world.settle()
            story.show("the new version works")
        },
        Scenario("first-rollout-fails") { story in
            story.world.behaviour = ["bad": .hang]
            let policy = UpdatePolicy(deadline: .seconds(60), onFailure: .revert)
            story.world.write("web.json", Workload("web", "bad", update: policy))
            story.world.read()
            story.world.settle()
            story.world.now = story.world.now + .seconds(60)
            story.show("there is no definition to revert to")
        },
        Scenario("scale-down-keeps-what-works") { story in
            story.world.behaviour = ["bad": .hang]
            story.world.write("web.json", Workload("web", "good", replicas: 3))
            story.world.read()
            story.world.settle()
            story.world.become(.crash, "web", 0)
            story.world.become(.crash, "web", 1)
            story.world.write("web.json", Workload("web", "good", replicas: 2))
            story.world.read()
            story.show("two of three tasks crash, and two replicas are declared: the working task stays for now")
        },
    ]
}

extension UpdatePolicy {
    /// Replaces one task at a time, with a deadline in seconds.
    fileprivate static func until(_ seconds: Int) -> UpdatePolicy { UpdatePolicy(deadline: .seconds(seconds)) }
}
