import CubeCore
import CubeText
import CubeTypes
import Testing

/// The differences between running tasks and manifests, with forecasts of placements, as texts.
struct WorkloadDiffTests {
    private func node(_ name: String, memory: Int = 1 << 30) -> NodeInfo {
        NodeInfo(
            name: NodeName(rawValue: name)!, state: .ready, url: "unix:x", version: "1", runtimes: ["process"],
            labels: [:], capacity: ResourceSpec(millicores: 4000, memory: memory, disk: 0), reserved: .zero, tasks: 0,
            lastSeenAt: nil, revision: 1)
    }

    /// A world in which a plan contains every kind of change.
    private func world() -> PlanningWorld {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "one", replicas: 3, env: ["TOKEN": "s3cret"]))
        world.write("labels.json", Workload("labels", labels: ["team": "shop"]))
        world.write("scale.json", Workload("scale", replicas: 2))
        world.write("old.json", Workload("old", replicas: 2))
        world.write("frozen.json", Workload("frozen", "one"))
        world.read()
        world.settle()
        world.write("web.json", Workload("web", "two|three", replicas: 3, env: ["TOKEN": "0ther", "NEW": "hush"]))
        world.write("labels.json", Workload("labels", labels: ["team": "*ops*"]))
        world.write("scale.json", Workload("scale", replicas: 4))
        world.write("frozen.json", Workload("frozen", "two", suspend: true))
        world.files["old.json"] = nil
        world.write("engine.json", Workload("engine", image: "shop:1"))
        world.readTwice()
        _ = world.planner.pass(now: world.now)
        return world
    }

    @Test func `a diff shows replaced tasks, changed fields, and the nodes of new tasks or why no node fits`() throws {
        let world = world()
        let tasks = world.live()
        let forecast = PlacementForecast(
            nodes: [node("w1"), node("w2")], tasks: tasks, policy: .spread)
        let text = WorkloadDiffText(world.planner.diffs(forecast), source: "manifests at 4be1c02")
        try Golden.compare("\(text.text)\n=== Markdown\n\(text.markdown.text)", with: "diff")
        #expect(!text.text.contains("s3cret") && !text.text.contains("0ther") && !text.text.contains("hush"))
    }

    @Test func `without a manager, a diff names no nodes; without differences, it says so`() {
        let text = WorkloadDiffText(world().planner.diffs(nil), source: "manifests").text
        #expect(text.contains("replaces web/0") && !text.contains("would go") && !text.contains("would take"))
        #expect(WorkloadDiffText([], source: "manifests").text == "No differences.\n")
    }

    /// The diff for a reader who receives neither the values of `env` nor the key of the digests.
    private func read(_ world: PlanningWorld) -> String {
        var list = world.list
        let key = DigestKey(hexadecimal: String(repeating: "5a", count: 32))!
        list.tasks = list.tasks.map { $0.keyed(by: key) }
        list.slots = list.slots.map { $0.keyed(by: key) }
        for index in list.tasks.indices {
            list.tasks[index].definition.env = list.tasks[index].definition.env.mapValues { _ in "<hidden>" }
        }
        var reader = world
        reader.planner = Planner(owner: PlanningWorld.owner, oneShot: true)
        reader.read()
        var observed = ObservedState(list, of: PlanningWorld.owner)
        observed.disclose(by: reader.planner.desired)
        reader.planner.update(observed)
        _ = reader.planner.pass(now: world.now)
        return WorkloadDiffText(reader.planner.diffs(nil), source: "manifests").text
    }

    @Test func `a reader without access to values sees no change of values that did not change`() {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "one", env: ["TOKEN": "s3cret", "MODE": "a"]))
        world.read()
        world.settle()
        #expect(read(world) == "No differences.\n")
        world.write("web.json", Workload("web", "two", env: ["TOKEN": "s3cret", "MODE": "a"]))
        #expect(!read(world).contains("env."))
        // A reader without access to a value cannot see whether it changed; otherwise the value could be found by trial.
        world.write("web.json", Workload("web", "one", env: ["TOKEN": "0ther", "MODE": "a"]))
        #expect(read(world) == "No differences.\n")
        world.write("web.json", Workload("web", "one", env: ["TOKEN": "s3cret"]))
        #expect(read(world).contains("env.MODE: removed"))
    }

    /// The digests of all tasks are keyed, even those of tasks without variables.
    @Test func `a reader without access to values sees no difference in unchanged tasks`() {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "one"))
        world.read()
        world.settle()
        #expect(read(world) == "No differences.\n")
    }

    @Test func `a reverted workload has no difference, even for a reader without access to values`() {
        var world = PlanningWorld()
        world.behaviour = ["bad": .fail]
        let policy = UpdatePolicy(onFailure: .revert)
        world.write("web.json", Workload("web", "good", update: policy, env: ["TOKEN": "s3cret"]))
        world.read()
        world.settle()
        world.write("web.json", Workload("web", "bad", update: policy, env: ["TOKEN": "0ther"]))
        world.read()
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["good"]])
        #expect(!read(world).contains("replaces web/0"), "\(read(world))")
        #expect(read(world).contains("the rollout failed, and the last healthy definition is running"))
    }

    @Test func `a plan and a diff use the same symbols, and a plan of some names contains only these`()
        throws
    {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", replicas: 3))
        world.write("old.json", Workload("old", replicas: 2))
        world.read()
        world.settle()
        world.write("web.json", Workload("web", replicas: 1))
        world.write("old.json", Workload("old", replicas: 0))
        world.write("new.json", Workload("new"))
        world.read()
        let pass = world.planner.pass(now: world.now)
        let plan = world.planner.document(pass, at: world.now)
        func signs(_ text: String) -> [String] {
            text.split(separator: "\n").filter { !$0.hasPrefix(" ") && $0.contains(".json:") }
                .map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        }
        #expect(signs(PlanText(plan).text) == ["+ new", "- old", "~ web"])
        #expect(signs(WorkloadDiffText(world.planner.diffs(nil), source: "m").text) == ["+ new", "- old", "~ web"])

        let web = try #require(WorkloadName(rawValue: "web"))
        #expect(signs(PlanText(world.planner.document(pass, of: [web], at: world.now)).text) == ["~ web"])
        world.settle()
        let last = world.planner.pass(now: world.now)
        let settled = world.planner.document(last, of: [web], at: world.now)
        #expect(settled.converged)
        #expect(PlanText(settled).text == "No changes: 1 of 1 workload converged.\n")
        #expect(world.planner.names.map(\.rawValue) == ["new", "old", "web"])
    }

    @Test func `a forecast of placements does not affect a plan`() throws {
        var world = world()
        let plan = world.planner.pass(now: world.now)
        let before = world.planner.document(plan, at: world.now)
        _ = world.planner.diffs(PlacementForecast(nodes: [node("w1")], tasks: [], policy: .spread))
        #expect(world.planner.document(plan, at: world.now) == before)
    }
}
