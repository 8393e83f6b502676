import CubeCore
import CubeTypes

extension Scenario {
    /// Dependencies.
    static let order: [Scenario] = [
        Scenario("depends-on") { story in
            story.world.behaviour = ["migrate": .complete]
            story.world.write("web.json", Workload("web", dependsOn: ["db", "migration"]))
            story.world.write("migration.json", Workload("migration", "migrate", kind: .job, dependsOn: ["db"]))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.step("a service, its job, and the dependency of both")
            story.show("db has been ready for less than five seconds")
            story.world.now = story.world.now + .seconds(5)
            story.step("db is healthy")
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
            story.step("both change in one commit: the job runs first, and the task of app stays")
            story.show("the job is running")
            story.world.become(.fail, "migrate")
            story.show("the job failed: app waits")
            story.world.write("migrate.json", Workload("migrate", "three", kind: .job))
            story.world.read()
            story.step("a fix of the job")
            story.world.become(.complete, "migrate")
            story.show("the job completed: app is replaced")
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
            story.step("all change, and the new db crashes: web waits, log does not")
            story.step("db is being replaced")
            story.show("db crashes: the tasks of web stay")
            story.world.write("db.json", Workload("db", "fixed"))
            story.world.read()
            story.world.settle()
            story.show("the fix of db unblocks web")
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
            story.step("both manifests are removed: the dependent is pruned first")
            story.show("then the dependency is pruned")
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
            story.show("the manifest of the dependency is removed: nothing changes, and the dependency is not pruned")
            story.world.write("web.json", Workload("web", "two"))
            story.world.readTwice()
            story.show("the manifest no longer names the dependency")
        },
        Scenario("depends-on-cycle") { story in
            story.world.write("a.json", Workload("a", dependsOn: ["b"]))
            story.world.write("b.json", Workload("b", dependsOn: ["c"]))
            story.world.write("c.json", Workload("c", dependsOn: ["a"]))
            story.world.write("d.json", Workload("d", dependsOn: ["d"]))
            story.world.write("other.json", Workload("other"))
            story.world.read()
            story.step("three workloads in a cycle, and one alone")
            story.world.write("c.json", Workload("c"))
            story.world.read()
            story.show("the cycle is broken")
        },
        Scenario("depends-on-rejected-cycle") { story in
            story.world.write("web.json", Workload("web", dependsOn: ["db"]))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            story.world.write("db.json", Workload("db", dependsOn: ["web"]))
            story.world.read()
            story.show("the dependency depends on its dependent: both manifests are rejected")
            story.world.files["db.json"] = nil
            story.world.readTwice()
            story.show("the rejected manifest is removed: the dependency is not pruned while its dependent runs")
        },
    ]
}
