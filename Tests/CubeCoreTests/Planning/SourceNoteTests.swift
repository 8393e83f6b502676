import CubeCore
import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

/// The notes that the manager keeps for the next reconciler. Each test continues with a new planner.
struct SourceNoteTests {
    private func name(_ text: String) -> WorkloadName { WorkloadName(rawValue: text)! }

    /// A world in which these workloads are running and declared to the manager.
    private func settled(_ workloads: Workload...) -> PlanningWorld {
        var world = PlanningWorld()
        for workload in workloads { world.write("\(workload.name).json", workload) }
        world.read()
        world.settle()
        return world
    }

    private func remove(_ names: String..., from world: inout PlanningWorld) {
        for name in names { world.files[BytePath(naming: "\(name).json")] = nil }
        world.readTwice()
    }

    /// The reasons that delay or hold the stops of a name; empty if the stops are due.
    private func obstacles(_ text: String, _ world: inout PlanningWorld) -> [String] {
        _ = world.planner.pass(now: world.now)
        return (world.planner.entry(name(text))?.steps ?? []).compactMap { $0.waitsFor?.rawValue }
    }

    @Test func `a name may be pruned by a reconciler that never read its manifest`() {
        var world = settled(Workload("web"), Workload("db"))
        world.move()
        remove("db", from: &world)
        #expect(world.step().actions.map(\.rule) == [.prune])
    }

    @Test func `a new prune false applies, even if the workload is suspended or being replaced`() {
        for (words, suspend) in [("one", false), ("two", false), ("one", true), ("two", true)] {
            var world = settled(Workload("web", "one"), Workload("db"))
            world.write("web.json", Workload("web", words, suspend: suspend, prune: false))
            world.read()
            let plan = world.step()
            #expect(plan.notes.declared.map(\.prune) == [false] && plan.lacksNotes)
            #expect(plan.actions.allSatisfy { $0.verb == .stop })
            world.move()
            guard !world.live("web").filter({ $0.desired == .run }).isEmpty else { continue }
            remove("web", from: &world)
            #expect(obstacles("web", &world) == ["prune_disabled"], "\(words) \(suspend)")
        }
    }

    @Test func `names are pruned in the reverse order of their last dependencies`() {
        var world = settled(Workload("db"), Workload("web"), Workload("log"))
        world.write("web.json", Workload("web", dependsOn: ["db"]))
        world.read()
        world.settle()
        #expect(world.live("web").map(\.dependencies) == [[name("db")]])
        world.move()
        remove("web", "db", from: &world)
        #expect(obstacles("db", &world) == ["dependents_running"] && obstacles("web", &world) == [])
    }

    @Test func `a failed name is retried after its manifest was removed and added again, and not otherwise`() {
        var world = settled(Workload("keeper"))
        world.behaviour = ["bad": .fail]
        world.write("web.json", Workload("web", "bad"))
        world.read()
        world.settle()
        #expect(world.live("web").isEmpty)
        world.move()
        world.read()
        world.settle()
        #expect(world.cluster.records.slots.values.filter { $0.slot.name == name("web") }.map(\.status.next) == [1])

        remove("web", from: &world)
        let plan = world.step()
        #expect(plan.notes.withdrawn == [WithdrawnSlot(name: name("web"), ordinal: 0)] && plan.actions.isEmpty)
        world.move()
        world.behaviour = [:]
        world.write("web.json", Workload("web", "bad"))
        world.read()
        world.settle()
        #expect(world.live("web").count == 1)
    }

    @Test func `a name without a proof of absence is not withdrawn`() {
        var world = settled(Workload("keeper"))
        world.behaviour = ["bad": .fail]
        world.write("web.json", Workload("web", "bad"))
        world.read()
        world.settle()
        world.files["web.json"] = nil
        world.read()
        #expect(world.planner.pass(now: world.now).notes.isEmpty)
        world.spoil("other.json")
        world.readTwice()
        #expect(world.planner.pass(now: world.now).notes.isEmpty)
    }

    @Test func `after a claim, names are held until they are declared again, and each is sent once`() {
        var world = settled(Workload("web"), Workload("db"))
        world.claimAnew()
        remove("db", from: &world)
        #expect(obstacles("db", &world) == ["guard_foreign"])
        let plan = world.step()
        #expect(plan.notes.declared.count == 1 && plan.notes.root != nil)
        #expect(world.planner.pass(now: world.now).notes.isEmpty)
        world.write("db.json", Workload("db"))
        world.read()
        world.settle()
        world.move()
        remove("db", from: &world)
        #expect(obstacles("db", &world) == [])
    }

    @Test func `the names of a file that only an earlier source declared are not known`() {
        var world = settled(Workload("web"), Workload("db"))
        world.claimAnew()
        world.spoil("db.json")
        world.read()
        world.settle()
        remove("web", from: &world)
        #expect(obstacles("web", &world) == ["source_unreadable"])
    }

    @Test func `a reconciler detects a root that was replaced before it started`() {
        var world = settled(Workload("web"), Workload("db"))
        world.root = RootIdentity.directory(device: 2, inode: 2)
        world.move()
        remove("db", from: &world)
        #expect(obstacles("db", &world) == ["root_replaced"])
    }

    @Test func `a name that is declared again after its prune began must pass the guards again`() {
        var world = settled(Workload("web", replicas: 2), Workload("db"), Workload("log"))
        remove("web", from: &world)
        // Of two stops, one was carried out.
        var plan = world.planner.pass(now: world.now)
        plan.actions.removeLast()
        world.carryOut(plan)
        #expect(world.planner.observed?.window.pruned.map(\.returned) == [false])
        world.write("web.json", Workload("web", replicas: 2, prune: false))
        world.read()
        world.step()
        #expect(world.planner.observed?.window.pruned.map(\.returned) == [true])
        world.move()
        remove("web", from: &world)
        #expect(obstacles("web", &world).contains("prune_disabled"))
    }

    @Test func `notes without effect are sent again after a pause, not in every pass`() {
        var world = settled(Workload("web"))
        world.write("web.json", Workload("web", prune: false))
        world.read()
        let plan = world.planner.pass(now: world.now)
        #expect(!plan.notes.isEmpty)
        world.planner.willSend(plan.notes, at: world.now)
        let next = world.planner.pass(now: world.now + .seconds(1))
        #expect(next.notes.isEmpty && next.lacksNotes && next.wakeAt.map { $0 <= world.now + .seconds(5) } == true)
        #expect(!world.planner.pass(now: world.now + .seconds(5)).notes.isEmpty)
    }

    @Test func `the manager learns how long a task must be ready, with its schedule and when that changes`() {
        var world = settled(Workload("web", update: UpdatePolicy(minHealthy: .seconds(15))))
        #expect(world.planner.observed?.workloads["web"]?.tasks.values.map(\.minHealthy) == [.seconds(15)])
        #expect(world.planner.pass(now: world.now).notes.isEmpty)
        world.write("web.json", Workload("web", update: UpdatePolicy(minHealthy: .seconds(20))))
        world.read()
        #expect(world.planner.pass(now: world.now).notes.declared.map(\.minHealthy) == [.seconds(20)])
    }

    @Test func `prune false applies even if the manager did not receive it in time`() {
        var world = settled(Workload("web"), Workload("db"))
        world.write("web.json", Workload("web", prune: false))
        world.read()
        remove("web", from: &world)
        #expect(obstacles("web", &world) == ["prune_disabled"])
    }

    @Test func `a reconciler that only observes sends no notes`() {
        var world = settled(Workload("web"))
        world.planner.access = .observing
        world.write("web.json", Workload("web", prune: false))
        world.read()
        #expect(world.planner.pass(now: world.now).notes.isEmpty)
    }

    @Test(arguments: [false, true])
    func `names that are only kept do not confirm a replaced root`(isListed: Bool) {
        var world = PlanningWorld()
        for name in ["db", "web"] { world.write("\(name).json", Workload(name)) }
        world.readTwice()
        world.settle()
        let root = world.cluster.records.owners[PlanningWorld.owner]?.root
        // Another directory, which lacks one manifest and contains the other one only as an invalid file.
        world.root = RootIdentity.directory(device: 1, inode: 2)
        world.files["db.json"] = nil
        if isListed { world.spoil("web.json") }
        world.readTwice()
        // A failed listing keeps every name.
        let files = world.files
        world.files = [:]
        world.read(complete: false)
        world.settle()
        world.files = files
        world.readTwice()
        world.settle()
        #expect(world.live().map(\.name.rawValue) == ["db", "web"])
        #expect(world.cluster.records.owners[PlanningWorld.owner]?.root == root)
    }
}
