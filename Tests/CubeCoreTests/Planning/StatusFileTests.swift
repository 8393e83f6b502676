import CubeCore
import CubeJSON
import CubeTypes
import FoundationEssentials
import Testing

/// The status files.
struct StatusFileTests {
    @Test func `the status files have the documented form`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", "one", replicas: 2, env: ["TOKEN": "s3cret"]))
        world.write("old.json", Workload("old", prune: false))
        world.read()
        world.settle()
        world.write("web.json", Workload("web", "two", replicas: 2, env: ["TOKEN": "0ther"]))
        world.files["old.json"] = nil
        world.readTwice()
        let plan = world.step()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        var text = "=== status/summary.json\n" + String(decoding: try encoder.encode(plan.summary), as: UTF8.self)
        for case let report? in plan.reports.values.compactMap({ $0 }).sorted(by: { $0.status.name < $1.status.name }) {
            text += "\n=== status/workloads/\(report.status.name).json\n"
            text += String(decoding: try encoder.encode(report.status), as: UTF8.self)
            text += "\n=== drift/\(report.status.name).json\n"
            text += String(decoding: try encoder.encode(report.drift), as: UTF8.self)
        }
        try Golden.compare(text + "\n", with: "status-files")
        expectSameBytes(of: plan.summary)
        for case let report? in plan.reports.values {
            expectSameBytes(of: report.status)
            expectSameBytes(of: report.drift)
        }
        #expect(!text.contains("s3cret") && !text.contains("0ther"))
    }

    @Test func `transition times stay the same while nothing changes, even across a restart`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        let name = WorkloadName(rawValue: "web")!
        let before = try #require(world.planner.entry(name)).report
        let summary = world.planner.pass(now: world.now).summary
        world.now = world.now + .seconds(100)
        let last = world.planner
        world.planner = Planner(
            owner: last.owner, reports: [before], summary: summary)
        world.relist()
        world.read()
        #expect(world.planner.pass(now: world.now).summary == summary)
        #expect(world.planner.entry(name)?.report == before)
    }

    @Test func `the summary says whether the cluster can be read, and an invalid manifest is no outage`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        #expect(world.planner.pass(now: world.now).summary.outage == nil)
        world.spoil("web.json")
        world.read()
        let stale = world.planner.pass(now: world.now).summary
        #expect(stale.conditions.map(\.type).contains(.stale))
        #expect(stale.outage == nil)
        world.planner.access = .blind(reason: "unavailable", message: "the manager is away")
        let blind = world.planner.pass(now: world.now).summary
        #expect(blind.sync == .unknown && blind.health == .unknown)
        #expect(blind.outage?.message == "the manager is away")
    }

    @Test func `while the health of a workload is unknown, it is not known to be ready`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        let status = try #require(world.planner.entry(WorkloadName(rawValue: "web")!)).report.status
        #expect(status.conditions.contains { $0.type == .ready && $0.status })
        let unattended = status.unattended(nil)
        #expect(unattended.health == .unknown)
        #expect(!unattended.conditions.contains { $0.type == .ready && $0.status })
    }

    @Test func `a suspended workload without a manifest is frozen, and says what happens after that`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", replicas: 2))
        world.read()
        world.settle()
        world.direct(.suspend, "web", expires: .seconds(3600))
        world.files["web.json"] = nil
        world.readTwice()
        #expect(world.planner.pass(now: world.now).actions.isEmpty)
        let status = try #require(world.planner.entry(WorkloadName(rawValue: "web")!)).report.status
        #expect(status.health == .suspended)
        let held = try #require(status.conditions.first { $0.type == .held })
        #expect(held.message.hasPrefix("suspended manually until "))
        #expect(
            held.message.contains(
                "; no manifest declares the workload, so its tasks are stopped when the suspension ends, unless a guard "
                    + "holds that; cube resume web ends the suspension"))
    }

    @Test func `the advice about a host port at which a rollout failed works as it is written`() throws {
        func web(_ word: String, _ update: UpdatePolicy) -> Workload {
            var definition = TaskDefinition(name: WorkloadName(rawValue: "web")!, command: [word])
            definition.ports = [PortSpec(name: "http", host: 8080)]
            var steering = Steering()
            steering.update = update
            return Workload(definition: definition, steering: steering, range: SourceRange(filename: "web.json"))
        }
        let surging = UpdatePolicy(maxUnavailable: 0, maxSurge: 1)
        var world = PlanningWorld()
        world.write("web.json", web("one", surging))
        world.read()
        world.settle()
        world.write("web.json", web("two", surging))
        world.read()
        world.step()
        _ = world.planner.pass(now: world.now)
        world.now = world.now + .seconds(600)
        _ = world.planner.pass(now: world.now)
        let status = try #require(world.planner.entry(WorkloadName(rawValue: "web")!)).report.status
        let stalled = try #require(status.conditions.first { $0.type == .stalled })
        #expect(stalled.message.contains("; it is retried when its definition changes, or with cube retry web; "))
        #expect(stalled.message.hasSuffix("or set update.max_surge to 0 and run cube retry web"))
        // A change of `update` alone retries nothing.
        world.write("web.json", web("two", UpdatePolicy()))
        world.read()
        world.settle()
        #expect(world.live("web").map(\.definition.command).contains(["one"]))
        world.direct(.retry, "web")
        world.settle()
        #expect(world.live("web").map(\.definition.command) == [["two"]])
    }

    @Test func `the status file of a name that is gone is removed, even after a restart`() {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        let report = world.planner.entry(WorkloadName(rawValue: "web")!)!.report
        var other = report
        other.status.name = WorkloadName(rawValue: "other")!
        world.planner = Planner(
            owner: PlanningWorld.owner, reports: [report, other])
        world.relist()
        world.read()
        let plan = world.planner.pass(now: world.now)
        #expect(plan.reports[other.status.name] == .some(nil))
        #expect(plan.reports.keys.count == 2)
    }
}
