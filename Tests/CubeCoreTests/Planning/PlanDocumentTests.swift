import CubeCore
import CubeErrors
import CubeTypes
import Foundation
import Testing

/// Plans that are saved and carried out later, or not any more.
struct PlanDocumentTests {
    private var world = PlanningWorld()

    init() {
        for name in ["api", "web"] { world.write("\(name).json", Workload(name)) }
        world.read()
        world.settle()
        world.write("web.json", Workload("web", "two"))
        world.read()
    }

    private mutating func document() -> PlanDocument {
        let plan = world.planner.pass(now: world.now)
        return world.planner.document(plan, at: world.now)
    }

    private static func bytes(_ document: PlanDocument) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(document))
    }

    @Test mutating func `a plan reads back as it was saved, and its digest shows every change`() throws {
        var document = document()
        try document.seal(Self.bytes)
        var read = try JSONDecoder().decode(PlanDocument.self, from: Data(Self.bytes(document)))
        #expect(read == document)
        #expect(try read.isIntact(Self.bytes))
        read.workloads[0].actions[0].ordinal += 1
        #expect(try !read.isIntact(Self.bytes))
    }

    @Test mutating func `a plan that nothing moved away from is carried out, also after restarts of tasks`() {
        let document = document()
        #expect(world.planner.departures(from: document) == [])
        world.planner.savedPlan = document
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["two"]])
        #expect(world.planner.pass(now: world.now).departures == [])
    }

    @Test(arguments: [
        (["web.json": "three"], ["web: its manifest changed"]),
        (["new.json": "one"], ["new: a manifest declares it now"]),
        (["web.json": nil], ["web: no manifest declares it any more"]),
    ])
    mutating func `manifests that changed since make a plan stale, before it began and later`(
        edits: [String: String?], departures: [String]
    ) {
        let document = document()
        world.planner.savedPlan = document
        let isBegun = Bool.random()
        if isBegun { world.step() }
        for (file, command) in edits {
            world.files[BytePath(naming: file)] = nil
            if let command { world.write(file, Workload(String(file.dropLast(5)), command)) }
        }
        world.read()
        let plan = world.planner.pass(now: world.now)
        #expect(plan.departures == departures, "begun: \(isBegun)")
        #expect(plan.actions.isEmpty)
    }

    @Test mutating func `tasks that changed since make a plan stale before it began`() throws {
        let document = document()
        let task = try #require(world.live("api").first)
        world.commit { transaction throws(APIError) in _ = try transaction.stop(task.id) }
        world.work()
        world.look()
        world.planner.savedPlan = document
        let plan = world.planner.pass(now: world.now)
        #expect(plan.departures == ["api: its tasks changed"])
        #expect(plan.actions.isEmpty)
    }

    @Test mutating func `a plan prunes nothing that it does not list, whatever turns up while it is carried out`()
        throws
    {
        let document = document()
        world.planner.savedPlan = document
        world.step()
        let definition = TaskDefinition(name: WorkloadName(rawValue: "stray")!, command: ["run"])
        let id = TaskID.derive(
            cluster: world.cluster.cluster, owner: PlanningWorld.owner, name: definition.name, ordinal: 0, attempt: 0,
            digest: definition.specDigest)
        let proposal = TaskProposal(
            id: id, name: definition.name, ordinal: 0, attempt: 0, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, definition: definition)
        let fence = world.fence
        world.commit { transaction throws(APIError) in
            _ = try transaction.schedule(
                ScheduleRequest(
                    owner: PlanningWorld.owner, fence: fence, pass: 1000, maxLive: 1, task: proposal))
        }
        world.settle()
        let steps = try #require(world.planner.entry(definition.name)).steps
        #expect(steps.map(\.action.rule) == [.prune])
        #expect(steps.map(\.waitsFor) == [.notPlanned])
        #expect(world.live("stray").count == 1)
    }

    @Test mutating func `another owner's plan and another cluster's are refused`() {
        var document = document()
        document.cluster = nil
        #expect(world.planner.departures(from: document) == ["the plan is for another cluster"])
        document.owner = .manual
        #expect(
            world.planner.departures(from: document)
                == ["the plan is for owner manual, not \(PlanningWorld.owner)"])
    }
}
