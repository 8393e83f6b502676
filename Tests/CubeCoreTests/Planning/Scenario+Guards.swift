import CubeCore
import CubeTypes

extension Scenario {
    /// The guards.
    static let guards: [Scenario] = [
        Scenario("guard-window") { story in
            for name in ["a", "b", "c", "d", "e", "f"] { story.world.write("\(name).json", Workload(name)) }
            story.world.read()
            story.world.settle()
            for name in ["a", "b", "c", "d"] { story.world.files["\(name).json"] = nil }
            story.world.readTwice()
            story.step("four of six manifests are removed at once: all prunes are held")
            story.world.direct(
                .approve, String(story.world.planner.pass(now: story.world.now).holds[0].digest.rawValue))
            story.step("cube approve")
            story.world.files["e.json"] = nil
            story.world.readTwice()
            story.show("approved prunes do not count")
        },
        Scenario("guard-window-by-time") { story in
            for name in ["a", "b", "c", "d", "e"] { story.world.write("\(name).json", Workload(name)) }
            story.world.read()
            story.world.settle()
            for name in ["a", "b", "c"] { story.world.files["\(name).json"] = nil }
            story.world.readTwice()
            story.world.settle()
            story.world.files["d.json"] = nil
            story.world.readTwice()
            story.show("three names were pruned, and the fourth is held")
            story.world.now = story.world.now + .seconds(600)
            story.world.tick()
            story.show("ten minutes later")
        },
        Scenario("guard-empty") { story in
            story.world.write("web.json", Workload("web", replicas: 2))
            story.world.read()
            story.world.settle()
            story.world.files = [:]
            story.world.readTwice()
            story.step("the source no longer declares any workload")
            story.world.direct(
                .approve, String(story.world.planner.pass(now: story.world.now).holds[0].digest.rawValue))
            story.show("cube approve")
        },
        Scenario("guard-foreign") { story in
            story.world.write("web.json", Workload("web"))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            story.world.claimAnew()
            story.world.files["db.json"] = nil
            story.world.readTwice()
            story.show("the source never declared the workload")
        },
        Scenario("prune-disabled") { story in
            story.world.write("db.json", Workload("db", prune: false))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files["db.json"] = nil
            story.world.readTwice()
            story.show("the last manifest of the workload has prune: false")
        },
        Scenario("guard-storage") { story in
            story.world.write("web.json", Workload("web", "one"))
            story.world.write("old.json", Workload("old"))
            story.world.read()
            story.world.settle()
            story.world.planner.isStorageWritable = false
            story.world.files["old.json"] = nil
            story.world.write("web.json", Workload("web", "two"))
            story.world.write("new.json", Workload("new"))
            story.world.readTwice()
            story.show("the data directory cannot be written: tasks still start")
            story.world.planner.isStorageWritable = true
            story.show("the data directory can be written again")
        },
        Scenario("owner-taken") { story in
            story.world.planner.access = .watching(reason: "owner_taken", message: "bound to another source")
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.step("the reconciler plans and carries out nothing")
            story.world.planner.access = .writing
            story.show("cube owner claim")
        },
    ]
}
