import CubeCore
import CubeTypes

extension Scenario {
    /// What waits for what.
    static let order: [Scenario] = [
        Scenario("depends-on") { story in
            story.world.behaviour = ["migrate": .complete]
            story.world.write("web.json", Workload("web", dependsOn: ["db", "migration"]))
            story.world.write("migration.json", Workload("migration", "migrate", kind: .job, dependsOn: ["db"]))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.step("a service, a job that it needs, and what both need")
            story.show("db runs, for less than five seconds")
            story.world.now = story.world.now + .seconds(5)
            story.step("it is healthy")
            story.step("the job completed")
            story.world.settle()
            story.show("at the end")
        },
        Scenario("depends-on-job") { story in
            story.world.writeAppAndJob("one")
            story.world.read()
            story.step("a service that needs a job")
            story.show("the job is running: app waits")
            story.world.become(.complete, "migrate")
            story.step("the job completed: app starts")
            story.world.settle()
            story.world.writeAppAndJob("two")
            story.world.read()
            story.step("both change in one commit: the job runs first, and what runs of app stays")
            story.show("the job is running")
            story.world.become(.fail, "migrate")
            story.show("the job failed: app is held back")
            story.world.write("migrate.json", Workload("migrate", "three", kind: .job))
            story.world.read()
            story.step("a fix of the job")
            story.world.become(.complete, "migrate")
            story.show("it completed: app is replaced")
        },
        Scenario("depends-on-failing") { story in
            story.world.behaviour = ["bad": .crash]
            story.world.write("web.json", Workload("web", "one", replicas: 2, dependsOn: ["db"]))
            story.world.write("log.json", Workload("log", "one"))
            story.world.write("db.json", Workload("db", "one"))
            story.world.read()
            story.world.settle()
            story.world.write("web.json", Workload("web", "two", replicas: 3, dependsOn: ["db"]))
            story.world.write("log.json", Workload("log", "two"))
            story.world.write("db.json", Workload("db", "bad"))
            story.world.read()
            story.step("all change, db to what crashes: web waits, log does not")
            story.step("db is being replaced")
            story.show("db crashes: what runs of web stays")
            story.world.write("db.json", Workload("db", "fixed"))
            story.world.read()
            story.world.settle()
            story.show("the fix of db frees web")
        },
        Scenario("depends-on-reversed") { story in
            story.world.write("web.json", Workload("web", dependsOn: ["db"]))
            story.world.write("db.json", Workload("db"))
            story.world.write("log.json", Workload("log"))
            story.world.read()
            story.world.settle()
            story.world.files["web.json"] = nil
            story.world.files["db.json"] = nil
            story.world.readTwice()
            story.step("both go: what depends on the other goes first")
            story.show("and then the other")
        },
        Scenario("depends-on-unknown") { story in
            story.world.write("web.json", Workload("web", "one", dependsOn: ["db"]))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            story.world.files["db.json"] = nil
            story.world.write("web.json", Workload("web", "two", dependsOn: ["db"]))
            story.world.write("new.json", Workload("new", dependsOn: ["nothing"]))
            story.world.readTwice()
            story.show("what it depends on goes: nothing of it changes, and nothing is pruned below it")
            story.world.write("web.json", Workload("web", "two"))
            story.world.readTwice()
            story.show("it depends on nothing any more")
        },
        Scenario("depends-on-cycle") { story in
            story.world.write("a.json", Workload("a", dependsOn: ["b"]))
            story.world.write("b.json", Workload("b", dependsOn: ["c"]))
            story.world.write("c.json", Workload("c", dependsOn: ["a"]))
            story.world.write("d.json", Workload("d", dependsOn: ["d"]))
            story.world.write("other.json", Workload("other"))
            story.world.read()
            story.step("three in a cycle, and one by itself")
            story.world.write("c.json", Workload("c"))
            story.world.read()
            story.show("the cycle is broken")
        },
    ]
}
