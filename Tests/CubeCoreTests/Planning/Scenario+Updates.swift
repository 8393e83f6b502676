import CubeCore
import CubeTypes

extension Scenario {
    /// Starts, updates and scaling.
    static let updates: [Scenario] = [
        Scenario("start") { story in
            story.world.write("web.json", Workload("web", replicas: 2))
            story.world.write("job.json", Workload("job", kind: .job))
            story.world.read()
            story.step("two manifests are written")
            story.show("all tasks were started")
            story.world.now = story.world.now + .seconds(5)
            story.show("five seconds later")
        },
        Scenario("replace") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 3, env: ["TOKEN": "s3cret"]))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 3, env: ["TOKEN": "0ther"]))
            story.world.read()
            for round in 1...3 { story.step("its command changed, round \(round)") }
            story.world.now = story.world.now + .seconds(5)
            story.step("the first task has been ready for five seconds")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("replace-broken-first") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 3))
            story.world.read()
            story.world.settle()
            story.world.become(.crash, "web", 1)
            story.world.write("web.json", Workload("web", "two", replicas: 3))
            story.world.read()
            story.show("one of three crashes, and the command changes")
        },
        Scenario("fix-during-hanging-rollout") { story in
            story.world.behaviour = ["bad": .hang]
            story.world.write("web.json", Workload("web", "good", replicas: 2))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "bad", replicas: 2))
            story.world.read()
            story.world.settle()
            story.show("the rollout of bad hangs")
            story.world.write("web.json", Workload("web", "fixed", replicas: 2))
            story.world.read()
            story.step("a fix")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("update-in-place") { story in
            story.world.write("web.json", Workload("web", replicas: 2, labels: ["team": "a"]))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", replicas: 2, labels: ["team": "b"]))
            story.world.read()
            story.step("a label changes")
            story.show("afterwards")
            story.world.files = [:]
            story.world.write("moved.json", Workload("web", file: "moved.json", replicas: 2, labels: ["team": "b"]))
            story.world.read()
            story.step("the manifest moves to another file")
            story.show("afterwards")
        },
        Scenario("scale") { story in
            story.world.write("web.json", Workload("web", replicas: 4))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", replicas: 2))
            story.world.read()
            story.step("scaled from four to two")
            story.step("one is stopped")
            story.show("the other one is stopped")
            story.world.write("web.json", Workload("web", replicas: 3))
            story.world.read()
            story.show("scaled from two to three")
        },
        Scenario("scale-down-then-up-at-once") { story in
            story.world.write("web.json", Workload("web", replicas: 3))
            story.world.read()
            story.world.settle()
            story.world.become(.fail, "web", 0)
            story.world.write("web.json", Workload("web", "two", replicas: 2))
            story.world.read()
            story.show("a new command and fewer replicas: surplus tasks are stopped before any task is started")
        },
        Scenario("restart") { story in
            story.world.write("web.json", Workload("web", replicas: 2))
            story.world.read()
            story.world.settle()
            story.world.direct(.restart, "web")
            story.step("cube restart web")
            story.step("the first one is stopped")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("ignore") { story in
            let ignore = ["/labels/team", "/env/SEED", "/command/1"]
            story.world.write(
                "web.json",
                Workload("web", "run", "a", labels: ["team": "a"], env: ["SEED": "1", "MODE": "x"], ignore: ignore))
            story.world.read()
            story.world.settle()
            story.world.write(
                "web.json",
                Workload("web", "run", "b", labels: ["team": "b"], env: ["SEED": "2", "MODE": "x"], ignore: ignore))
            story.world.read()
            story.show("only ignored fields changed")
            story.world.write(
                "web.json",
                Workload(
                    "web", "run", "b", labels: ["team": "b", "zone": "z"], env: ["SEED": "2", "MODE": "x"],
                    ignore: ignore))
            story.world.read()
            story.step("a label that is not ignored changed too: both labels change in place")
            story.show("afterwards")
            story.world.write(
                "web.json",
                Workload(
                    "web", "run", "b", labels: ["team": "b", "zone": "z"], env: ["SEED": "2", "MODE": "y"],
                    ignore: ignore))
            story.world.read()
            story.show("the environment changes too: a new task has all changes")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("max-unavailable-2") { story in
            story.world.write("web.json", Workload("web", "one", replicas: 4, update: UpdatePolicy(maxUnavailable: 2)))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 4, update: UpdatePolicy(maxUnavailable: 2)))
            story.world.read()
            story.show("two at a time")
        },
    ]
}
