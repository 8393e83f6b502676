import CubeCore
import CubeTypes

extension Scenario {
    /// What is done while nobody can know what is declared.
    static let sources: [Scenario] = [
        Scenario("unreadable") { story in
            story.world.write("shop.json", Workload("web", file: "shop.json"), Workload("db", file: "shop.json"))
            story.world.write("log.json", Workload("log"))
            story.world.read()
            story.world.settle()
            story.world.spoil("shop.json")
            story.world.files["log.json"] = nil
            story.world.readTwice()
            story.show("one file breaks, the other one goes: what breaks is kept")
            story.world.write("new.json", Workload("db", "other", file: "new.json"))
            story.world.read()
            story.show("a readable definition beats a remembered one")
        },
        Scenario("unreadable-unknown") { story in
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files = [:]
            story.world.write("new.json", Workload("new"))
            story.world.spoil("secret.json")
            story.world.readTwice()
            story.show("a file that was never readable may hold what is missing")
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
            story.show("a reconciler starts anew: tasks tell what came from the broken file")
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
            story.show("two files define one name: only that name stays as it is")
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
            story.show("one file of the group breaks: none of it changes, and the others do")
            story.world.write("shop/deep/db.json", Workload("db", "two", file: "shop/deep/db.json"))
            story.world.readTwice()
            story.show("it is mended: all of it changes")
            story.world.spoil("shop/cube.json")
            story.world.readTwice()
            story.show("the file that makes it a group breaks")
            story.world.files["shop/cube.json"] = nil
            story.world.spoil("shop/deep/db.json")
            story.world.readTwice()
            story.show("it is no group any more: files are by themselves")
        },
        Scenario("absence") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.read()
            story.show("it is missing once")
            story.world.now = story.world.now + .seconds(2)
            story.world.read()
            story.step("it is missing twice")
            story.show("it is pruned")
        },
        Scenario("source-busy") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.read(busy: true)
            story.show("git is at work")
            story.world.now = story.world.now + .seconds(60)
            story.world.read(busy: true)
            story.show("for a minute")
            story.world.readTwice()
            story.show("it has finished")
        },
        Scenario("root-replaced") { story in
            story.world.write("old.json", Workload("old"))
            story.world.write("web.json", Workload("web"))
            story.world.read()
            story.world.settle()
            story.world.root = RootIdentity.directory(device: 2, inode: 1)
            story.world.files["old.json"] = nil
            story.world.readTwice()
            story.show("another directory is in the root's place")
            story.world.write("old.json", Workload("old"))
            story.world.readTwice()
            story.show("every name was seen again")
            story.world.settle()
            story.world.files["old.json"] = nil
            story.world.readTwice()
            story.show("from now on it is the source")
        },
    ]
}
