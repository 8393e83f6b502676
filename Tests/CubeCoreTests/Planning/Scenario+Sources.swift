import CubeCore
import CubeTypes

extension Scenario {
    /// Unreadable, incomplete and replaced sources.
    static let sources: [Scenario] = [
        Scenario("unreadable") { story in
            story.world.write("shop.json", Workload("web", file: "shop.json"), Workload("db", file: "shop.json"))
            story.world.write("log.json", Workload("log"))
            story.world.read()
            story.world.settle()
            story.world.spoil("shop.json")
            story.world.files["log.json"] = nil
            story.world.readTwice()
            story.show("one file becomes invalid and another is removed: the name of the invalid file is kept")
            story.world.write("new.json", Workload("db", "other", file: "new.json"))
            story.world.read()
            story.show("a readable definition takes precedence over a remembered one")
        },
        Scenario("unreadable-unknown") { story in
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files = [:]
            story.world.write("new.json", Workload("new"))
            story.world.spoil("secret.json")
            story.world.readTwice()
            story.show("a file that was never readable may declare the missing name")
        },
        Scenario("unreadable-elsewhere") { story in
            story.world.write("web.json", Workload("web"))
            story.world.write("db.json", Workload("db"))
            story.world.read()
            story.world.settle()
            story.world.move()
            story.world.spoil("web.json")
            story.world.files["db.json"] = nil
            story.world.write("new.json", Workload("new"))
            story.world.readTwice()
            story.show("a reconciler restarts: tasks show which names the invalid file declared")
        },
        Scenario("incomplete-listing") { story in
            story.world.write("a.json", Workload("a"))
            story.world.write("dir/b.json", Workload("b", file: "dir/b.json"))
            story.world.read()
            story.world.settle()
            story.world.files["dir/b.json"] = nil
            story.world.read(complete: false)
            story.world.now = story.world.now + .seconds(10)
            story.world.read(complete: false)
            story.show("a directory cannot be listed")
        },
        Scenario("disputed") { story in
            story.world.write("a.json", Workload("web", "one", file: "a.json"))
            story.world.write("c.json", Workload("other"))
            story.world.read()
            story.world.settle()
            story.world.write("b.json", Workload("web", "two", file: "b.json"))
            story.world.write("c.json", Workload("other", "changed", file: "c.json"))
            story.world.read()
            story.show("two files define one name: only that name stays unchanged")
        },
        Scenario("group") { story in
            story.world.files["shop/cube.json"] = .group(ManifestGroup(atomic: true))
            story.world.write("shop/web.json", Workload("web", "one", file: "shop/web.json"))
            story.world.write("shop/deep/db.json", Workload("db", "one", file: "shop/deep/db.json"))
            story.world.write("shop/old.json", Workload("old", file: "shop/old.json"))
            story.world.write("log.json", Workload("log", "one"))
            story.world.read()
            story.world.settle()
            story.world.write("shop/web.json", Workload("web", "two", file: "shop/web.json"))
            story.world.write("shop/new.json", Workload("new", file: "shop/new.json"))
            story.world.write("log.json", Workload("log", "two"))
            story.world.files["shop/old.json"] = nil
            story.world.spoil("shop/deep/db.json")
            story.world.readTwice()
            story.show("one file of the group is invalid: the group stays unchanged, and other workloads change")
            story.world.write("shop/deep/db.json", Workload("db", "two", file: "shop/deep/db.json"))
            story.world.readTwice()
            story.show("the file is fixed: the group changes")
            story.world.spoil("shop/cube.json")
            story.world.readTwice()
            story.show("the file that declares the group is invalid")
            story.world.files["shop/cube.json"] = nil
            story.world.spoil("shop/deep/db.json")
            story.world.readTwice()
            story.show("the directory is no longer a group")
        },
        Scenario("absence") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.read()
            story.show("one listing lacks the manifest")
            story.world.now = story.world.now + .seconds(2)
            story.world.read()
            story.step("two listings lack the manifest")
            story.show("the name is pruned")
        },
        Scenario("source-busy") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.read(busy: true)
            story.show("a git operation is in progress")
            story.world.now = story.world.now + .seconds(60)
            story.world.read(busy: true)
            story.show("a minute later, it is still in progress")
            story.world.readTwice()
            story.show("the git operation has ended")
        },
        Scenario("root-replaced") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.root = RootIdentity.directory(device: 2, inode: 1)
            story.world.files["old.json"] = nil
            story.world.readTwice()
            story.show("another directory replaced the root")
            story.world.write("old.json", Workload("old"))
            story.world.readTwice()
            story.show("every name was seen again")
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.readTwice()
            story.show("the new root is accepted")
        },
    ]
}
