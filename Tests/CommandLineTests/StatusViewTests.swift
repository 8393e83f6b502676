import CubeCore
import CubeReconciler
import CubeSystem
import CubeTesting
import CubeText
import CubeTypes
import FoundationEssentials
import Synchronization
import SystemPackage
import Testing

@testable import cube

/// Tests `cube status` with status files.
@Suite struct StatusViewTests {
    private let data: DataDirectory
    private let then = Timestamp(milliseconds: 0)

    init() throws {
        data = DataDirectory(
            path: FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-status-\(UUID())").path))
        try data.path.makeDirectory()
    }

    private func task(_ name: String, ordinal: Int) -> TaskSummary {
        .sample(name, ordinal: ordinal, digest: "a", createdAt: .now + .seconds(-90))
    }

    private func write(_ name: String, tasks: [TaskSummary] = [], why: String? = nil) throws {
        try write(
            WorkloadStatus.sample(name, tasks: tasks, stalledBecause: why), to: "status/workloads/\(name).json")
    }

    /// - Parameter outage: Why the reconciler cannot read the cluster; `nil` if it can.
    private func writeSummary(healthy: Int, outage: String? = nil) throws {
        var summary = SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"), sync: .synced, health: .healthy,
            counts: SummaryStatus.Counts(workloads: 2, healthy: healthy))
        if let outage {
            (summary.sync, summary.health) = (.unknown, .unknown)
            summary.conditions = [
                Condition(
                    type: .ready, status: false, reason: "unavailable", message: outage, lastTransitionTime: then),
                Condition(type: .stale, reason: "unavailable", message: outage, lastTransitionTime: then),
            ]
        }
        try write(summary, to: "status/summary.json")
    }

    private func write(_ value: some Encodable, to file: String) throws {
        let path = data.path.appending(file)
        try path.removingLastComponent().makeDirectory()
        try NamedFile.write([UInt8](try JSONEncoder().encode(value)), to: path)
    }

    private func remove(_ file: String) throws {
        try FileManager.default.removeItem(atPath: data.path.appending(file).string)
    }

    @Test
    func `without a reconciler, no workload counts as synced, and a task that is not running never counts as healthy`()
        throws
    {
        let (web, job) = (task("web", ordinal: 0), task("job", ordinal: 1))
        var done = job
        (done.state, done.ready) = (.completed, false)
        try write("web", tasks: [web])
        try write("job", tasks: [done])
        try writeSummary(healthy: 2)
        var picture = StatusPicture()
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        func seen() -> [String] {
            let picture = picture.attended
            return picture.reports.map(\.status).map {
                "\($0.name) \($0.sync.rawValue) \($0.health.rawValue) \($0.replicas.ready)"
            } + [picture.summary?.headline ?? ""]
        }
        #expect(
            seen() == ["job Synced Healthy 1", "web Synced Healthy 1", "Synced, Healthy; 2 workloads, 2 healthy"])
        picture.freshness = StatusFreshness(outdated: "nobody is at work", isUnattended: true, living: [])
        #expect(
            seen() == ["job Unknown Healthy 1", "web Unknown Missing 0", "Unknown, Missing; 2 workloads, 1 healthy"])
        picture.freshness.living = [web.id]
        #expect(seen()[1] == "web Unknown Healthy 1")
        // If the tasks run on other machines, their health is unknown here.
        picture.freshness.living = nil
        #expect(seen()[1] == "web Unknown Unknown 1")
    }

    @Test func `while the reconciler cannot read the cluster, no workload counts as synced and healthy`() throws {
        let cause = "the reconciler cannot read the cluster, so this is the last recorded status"
        var done = task("job", ordinal: 1)
        (done.state, done.ready) = (.completed, false)
        try write("web", tasks: [task("web", ordinal: 0)])
        try write("job", tasks: [done])
        try writeSummary(healthy: 2, outage: "connection refused")
        var picture = StatusPicture()
        let changed = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        picture.freshness = StatusFreshness(reconciler: "cube reconcile, process 1")
        let shown = picture.attended
        #expect(
            shown.reports.map(\.status).map { "\($0.name) \($0.sync.rawValue) \($0.health.rawValue)" }
                == ["job Unknown Healthy", "web Unknown Unknown"])
        #expect(shown.summary?.headline == "Unknown, Unknown; 2 workloads, 1 healthy")
        #expect(shown.freshness.outdated == cause)
        #expect(StatusWaiter.unwell(picture, []).first?.text == "the status is not current: \(cause)")

        let said = Mutex<[String]>([])
        var lines = StatusLines(isJSON: false) { line in
            said.withLock { $0.append(line.text) }; return true
        }
        #expect(try lines.show(picture, changed: changed))
        #expect(said.withLock(\.self).last?.hasSuffix(" Not current: \(cause)") == true)

        // Only completed jobs are there, but the cluster may run other tasks.
        try remove("status/workloads/web.json")
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(picture.attended.summary?.headline == "Unknown, Unknown; 1 workload, 1 healthy")
        // The reconciler reads the cluster again.
        try writeSummary(healthy: 1)
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(picture.attended.freshness.outdated == nil)
        #expect(picture.attended.reports.map(\.status.sync) == [.synced])
    }

    @Test func `explain shows a workload as unknown while the reconciler cannot read the cluster`() async throws {
        let web = try #require(WorkloadName(rawValue: "web"))
        let lock = try DirectoryLock.take(data.reconciler, for: "cube reconcile")
        try write("web", tasks: [task("web", ordinal: 0)])
        func explained() async throws -> Explanation {
            try await Explanation.written(of: web, owner: .default, in: data)
        }
        try writeSummary(healthy: 2)
        let current = try await explained()
        #expect(current.lines(now: then).first?.text == "web (web.json:2): Synced, Healthy; 1/2 ready.")
        try writeSummary(healthy: 2, outage: "connection refused")
        let old = try await explained()
        #expect(old.lines(now: then).first?.text == "web (web.json:2): Unknown, Unknown; 1/2 ready.")
        #expect(old.outdated != nil)
        withExtendedLifetime(lock) {}
    }

    @Test func `status --wait names the workloads that are not healthy, and no longer waits for those that are`() throws
    {
        try write("web")
        try write("api", why: "it fails")
        try writeSummary(healthy: 1)
        var picture = StatusPicture()
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        func unwell(_ names: String...) -> [String] {
            StatusWaiter.unwell(picture, Set(names.compactMap(WorkloadName.init(rawValue:)))).map(\.text)
        }
        #expect(unwell() == ["api is OutOfSync, Healthy: Stalled: it fails"])
        #expect(unwell("web") == [])
        #expect(unwell("web", "nobody") == ["nobody: no such workload"])
        // An outdated status never counts as healthy.
        picture.freshness.outdated = "nobody is at work"
        #expect(unwell("web") == ["the status is not current: nobody is at work"])
        let waiter = StatusWaiter(names: [])
        #expect(waiter.show(picture, changed: []))
        picture.freshness.outdated = nil
        try write("api")
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(!waiter.show(picture, changed: []) && waiter.unwell.isEmpty)
    }

    @Test func `a pipe receives the whole status once, and then only changes`() throws {
        let said = Mutex<[String]>([])
        func take() -> [String] {
            said.withLock { lines in
                defer { lines = [] }
                return lines.map { String($0.drop { $0 != " " }.dropFirst()) }
            }
        }
        let files = WrittenStatus(data: data)
        var lines = StatusLines(isJSON: false) { line in
            said.withLock { $0.append(line.text) }; return true
        }
        var picture = StatusPicture()
        func look(_ change: SourceChange) throws {
            let changed = try picture.read(change, from: files)
            #expect(try lines.show(picture, changed: changed))
        }
        try write("web", why: "it fails")
        try write("api")
        try writeSummary(healthy: 1)
        try look(SourceChange(everything: true))
        #expect(
            take() == [
                "api Synced, Healthy, 0/2", "web OutOfSync, Healthy, 0/2: Stalled: it fails",
                "all Synced, Healthy; 2 workloads, 1 healthy",
            ])

        try look(SourceChange(everything: true))
        #expect(take() == [])

        try write("web")
        try writeSummary(healthy: 2)
        // Files without a change notification are not read.
        try look(SourceChange(entries: ["status/workloads/api.json", "status/.summary.json.tmp", "journal.ndjson"]))
        #expect(take() == [])
        try look(SourceChange(entries: ["drift/web.json", "status/summary.json"]))
        #expect(take() == ["web Synced, Healthy, 0/2", "all Synced, Healthy; 2 workloads, 2 healthy"])

        try remove("status/workloads/web.json")
        try look(SourceChange(entries: ["status/workloads/web.json"]))
        #expect(take() == ["web gone"])
        picture.freshness.outdated = "nobody is at work"
        try look(SourceChange())
        #expect(take() == ["Not current: nobody is at work"])
    }

    @Test func `output ends when its reader is gone`() throws {
        try write("web")
        var lines = StatusLines(isJSON: true) { _ in false }
        var picture = StatusPicture()
        let changed = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(try !lines.show(picture, changed: changed))
    }

    @Test(arguments: [
        (Condition.Kind.stale, true, HealthStatus.healthy, true), (.stale, false, .healthy, false),
        (.ready, false, .suspended, true), (.ready, false, .progressing, false), (.held, true, .healthy, false),
    ])
    func `a frozen workload reports the reason`(
        type: Condition.Kind, status: Bool, health: HealthStatus, isFrozen: Bool
    ) throws {
        let workload = WorkloadStatus(
            name: try #require(WorkloadName(rawValue: "web")), sync: .unknown, health: health,
            replicas: WorkloadStatus.Replicas(desired: 1, live: 1, ready: 1),
            conditions: [
                Condition(type: type, status: status, reason: "r", message: "why", lastTransitionTime: then)
            ])
        #expect(workload.freeze == (isFrozen ? "why" : nil))
    }

    @Test
    func
        `without a reconciler, the status names the command that starts one, and counts tasks only on a machine with a worker`()
        async throws
    {
        let alone = "no reconciler is running here, so this is the last recorded status"
        let outdatedAlone = try await StatusFreshness.find(in: data).outdated
        let place = "--data-dir \(data.path)"
        #expect(outdatedAlone == "\(alone). Start a reconciler with `cube reconcile \(place)`")
        try data.path.appending("worker/w1").makeDirectory()
        let outdated = try await StatusFreshness.find(in: data).outdated
        #expect(outdated == "\(alone); no task is running here now. Start a reconciler with `cube up \(place)`")
    }

    @Test func `beside a manager that runs separately, the status names the command that starts only a reconciler`()
        async throws
    {
        try data.path.appending("worker/w1").makeDirectory()
        let lock = try DirectoryLock.take(data.manager, for: "cube manager")
        let outdated = try #require(try await StatusFreshness.find(in: data).outdated)
        #expect(outdated.hasSuffix("Start a reconciler with `cube reconcile --data-dir \(data.path)`"))
        withExtendedLifetime(lock) {}
    }
}
