import CubeCore
import CubeJSON
import CubeTypes

extension Scenario {
    /// What takes too long, or cannot be, and is said.
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
            story.show("they were asked to stop, with a grace of 10 s")
            story.world.now = story.world.now + .seconds(1)
            story.show("a minute more")
            story.world.work()
            story.world.look()
            story.show("they are dead")
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
            story.step("a new task is to be started beside the old one")
            story.show("the old one has its port, and there is one node")
            story.world.now = story.world.now + .seconds(600)
            story.show("its deadline is over: the advice is still there")
            story.world.write("web.json", web("two", port: 0))
            story.world.read()
            story.world.settle()
            story.show("without a number it goes on")
        },
    ]
}
