import CubeCore
import CubeJSON
import CubeTypes

extension Scenario {
    /// Problems that make no progress without intervention.
    static let limits: [Scenario] = [
        Scenario("stop-overdue") { story in
            story.world.write("web.json", Workload("web", "one"))
            story.world.write("old.json", Workload("old"))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two"))
            story.world.files["old.json"] = nil
            story.world.readTwice()
            for _ in 0..<2 { story.world.step() }
            story.world.now = story.world.now + .seconds(69)
            story.show("two tasks were asked to stop, with a grace period of 10 s")
            story.world.now = story.world.now + .seconds(1)
            story.show("another minute later")
            story.world.work()
            story.world.look()
            story.show("the tasks have ended")
        },
        Scenario("surge-port-taken") { story in
            func web(_ word: String, port: Int) -> Workload {
                var definition = TaskDefinition(name: WorkloadName(rawValue: "web")!, command: [word])
                definition.ports = [PortSpec(name: "http", host: port)]
                var steering = Steering()
                steering.update = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
                return Workload(
                    definition: definition, steering: steering, range: SourceRange(filename: "web.json"))
            }
            story.world.write("web.json", web("one", port: 8080))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", web("two", port: 8080))
            story.world.read()
            story.step("a new task will be started beside the old one")
            story.show("the old task uses the host port of the only node")
            story.world.now = story.world.now + .seconds(600)
            story.show("the deadline has passed, and the advice is still shown")
            story.world.write("web.json", web("two", port: 0))
            story.world.read()
            story.world.settle()
            story.show("without a fixed host port, the rollout continues")
        },
    ]
}
