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
