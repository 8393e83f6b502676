import CubeCore
import CubeTypes

extension Scenario {
    /// How a new definition takes the place of an old one.
    static let rollouts: [Scenario] = [
        Scenario("surge") { story in
            let startFirst = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
            story.world.write("web.json", Workload("web", "one", replicas: 2, update: startFirst))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 2, update: startFirst))
            story.world.read()
            story.step("its command changed: one more than the replicas is started")
            story.show("the old one stays until the new one was ready for five seconds")
            story.world.now = story.world.now + .seconds(5)
            story.step("five seconds later: the old one goes")
            story.step("its place is free for the next")
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
            story.step("two are started beside four, of which one may go at once")
            story.show("and then")
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
            story.show("the surge hangs beside what works")
            story.world.write("web.json", Workload("web", "fixed", replicas: 2, update: startFirst))
            story.world.read()
            story.step("the fix comes: what hangs makes room")
            story.show("and the fix takes it")
            story.world.write("web.json", Workload("web", "good", replicas: 2, update: startFirst))
            story.world.read()
            story.show("or all goes back: what works stays")
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
            story.show("the surge failed: what works stays")
            story.world.direct(.retry, "web")
            story.show("cube retry web")
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
            story.show("cube retry web: it has another minute")
            story.world.become(.run, "web")
            story.world.settle()
            story.show("it becomes ready: the rollout goes on, and hangs again")
            story.world.write("web.json", Workload("web", "fixed", replicas: 3, update: .until(60)))
            story.world.read()
            story.show("the fix comes, a minute later or not")
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
            story.step("two may be missing, and what crashes goes at once")
            story.world.settle()
            story.show("those that were replaced failed: the last one stays")
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
            story.step("the new task was not available within a minute: it goes")
            story.world.move()
            story.world.read()
            story.step("another process goes on")
            story.world.settle()
            story.show("what was healthy last runs, and it is a failure")
            story.world.write("web.json", Workload("web", "fixed", replicas: 3, update: policy))
            story.world.read()
            story.step("the fix comes")
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 3, update: policy))
            story.world.read()
            story.show("what was rejected is declared once more: a new try")
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
            story.show("the surge failed: nothing was lost, and nothing more is tried")
            story.world.become(.fail, "web", 0)
            story.world.settle()
            story.show("the old task failed too")
            story.world.direct(.retry, "web")
            story.world.behaviour = [:]
            story.step("cube retry web")
            story.world.settle()
            story.show("it works now")
        },
        Scenario("first-rollout-fails") { story in
            story.world.behaviour = ["bad": .hang]
            let policy = UpdatePolicy(deadline: .seconds(60), onFailure: .revert)
            story.world.write("web.json", Workload("web", "bad", update: policy))
            story.world.read()
            story.world.settle()
            story.world.now = story.world.now + .seconds(60)
            story.show("there is nothing to go back to")
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
            story.show("two of three crash, and two are declared: the one that works stays for now")
        },
    ]
}

extension UpdatePolicy {
    /// One at a time, each with so many seconds.
    fileprivate static func until(_ seconds: Int) -> UpdatePolicy { UpdatePolicy(deadline: .seconds(seconds)) }
}
