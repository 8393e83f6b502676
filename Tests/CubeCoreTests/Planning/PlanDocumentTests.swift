import CubeCore
import CubeErrors
import CubeTypes
import Foundation
import Testing

/// Saved plans, which are carried out later or are stale by then.
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

    @Test mutating func `a saved plan decodes unchanged, and its digest detects every change`() throws {
        var document = document()
        try document.seal(Self.bytes)
        var read = try JSONDecoder().decode(PlanDocument.self, from: Data(Self.bytes(document)))
        #expect(read == document)
        #expect(try read.isIntact(Self.bytes))
        read.workloads[0].actions[0].ordinal += 1
        #expect(try !read.isIntact(Self.bytes))
    }

    @Test mutating func `a saved plan is carried out if nothing changed, even after restarts of tasks`() {
        let document = document()
        #expect(world.planner.departures(from: document) == [])
        world.planner.savedPlan = document
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["two"]])
        #expect(world.planner.pass(now: world.now).departures == [])
    }

    @Test(arguments: [
        (["web.json": "three"], ["web: its manifest changed"]),
        (["new.json": "one"], ["new: its manifest was added"]),
        (["web.json": nil], ["web: its manifest was removed"]),
    ])
    mutating func `changed manifests make a saved plan stale, before and after it has begun`(
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

    @Test mutating func `changed tasks make a saved plan stale before it has begun`() throws {
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

    @Test mutating func `a saved plan prunes only names that it lists, whatever appears while it is carried out`()
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

    @Test mutating func `a saved plan of another owner or cluster is refused`() {
        var document = document()
        document.cluster = nil
        #expect(world.planner.departures(from: document) == ["the plan is for another cluster"])
        document.owner = .manual
        #expect(
            world.planner.departures(from: document)
                == ["the plan is for owner manual, not \(PlanningWorld.owner)"])
    }
}
