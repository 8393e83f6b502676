import CubeCore
import CubeReconciler
import CubeTypes
import FoundationEssentials
import Synchronization
import SystemPackage
import Testing

@testable import cube

/// `cube status`, from the files that a reconciler wrote.
@Suite struct StatusViewTests {
    private let data: DataDirectory
    private let then = Timestamp(milliseconds: 0)

    init() throws {
        data = DataDirectory(
            path: FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-status-\(UUID())").path))
        try data.path.makeDirectory()
    }

    private func task(_ name: String, ordinal: Int, digest: String) throws -> TaskSummary {
        let definition = TaskDefinition(name: try #require(WorkloadName(rawValue: name)), command: ["x"])
        let status = TaskStatus(
            id: try #require(TaskID(rawValue: "00000000-0000-5000-8000-00000000000\(ordinal)")), owner: .default,
            name: definition.name, ordinal: ordinal, attempt: 3, state: .running, ready: true,
            specDigest: try #require(Digest(rawValue: "sha256:" + String(repeating: digest, count: 64))),
            settingsDigest: definition.settingsDigest, node: NodeName(rawValue: "w1"),
            endpoints: [TaskEndpoint(name: "http", address: "10.0.0.5:2000\(ordinal)")],
            createdAt: Timestamp.now + .seconds(-90), createdRevision: 1, revision: 1, definition: definition)
        return TaskSummary(status)
    }

    private func write(_ name: String, tasks: [TaskSummary] = [], why: String? = nil) throws {
        let name = try #require(WorkloadName(rawValue: name))
        let status = WorkloadStatus(
            name: name, file: "\(name).json", line: 2, sync: why == nil ? .synced : .outOfSync, health: .healthy,
            replicas: WorkloadStatus.Replicas(desired: 2, live: tasks.count, ready: tasks.count), tasks: tasks,
            conditions: why.map {
                [Condition(type: .stalled, reason: "failed", message: $0, lastTransitionTime: then)]
            } ?? [], desiredDigest: Digest(rawValue: "sha256:" + String(repeating: "a", count: 64)))
        try write(status, to: "status/workloads/\(name).json")
    }

    private func writeSummary(healthy: Int) throws {
        let summary = SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"), sync: .synced, health: .healthy,
            counts: SummaryStatus.Counts(workloads: 2, healthy: healthy))
        try write(summary, to: "status/summary.json")
    }

    private func write(_ value: some Encodable, to file: String) throws {
        let path = data.path.appending(file)
        try path.removingLastComponent().makeDirectory()
        try AtomicFile.write([UInt8](try JSONEncoder().encode(value)), to: path, mode: 0o600)
    }

    private func remove(_ file: String) throws {
        try FileManager.default.removeItem(atPath: data.path.appending(file).string)
    }

    @Test func `wide has a row for each task with its own health and why, and one for a workload without any`() throws {
        var tasks = [
            try task("web", ordinal: 0, digest: "a"), try task("web", ordinal: 1, digest: "b"),
            try task("web", ordinal: 2, digest: "b"),
        ]
        tasks[1].ready = false
        (tasks[2].ready, tasks[2].state, tasks[2].exit) = (false, .scheduled, TaskResult(code: 7, at: then))
        try write("web", tasks: tasks, why: "it fails")
        try write("api")
        var picture = StatusPicture()
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        let lines = StatusTable(form: .wide).table(picture.reports.map(\.status)).lines()
        #expect(
            lines.map(\.text) == [
                "TASK   SYNC       HEALTH       STATE      READY  RESTARTS  NODE  ATTEMPT  AGE  DIGEST    ENDPOINTS            SOURCE      WHY",
                "api    Synced     Healthy      -          -      -         -     -        -    -         -                    api.json:2",
                "web/0  OutOfSync  Healthy      running    yes    0         w1    3        1 m  aaaaaaaa  http=10.0.0.5:20000  web.json:2",
                "web/1  OutOfSync  Progressing  running    no     0         w1    3        1 m  bbbbbbbb  http=10.0.0.5:20001  web.json:2  Stalled: it fails",
                "web/2  OutOfSync  Degraded     scheduled  no     0         w1    3        1 m  bbbbbbbb  http=10.0.0.5:20002  web.json:2  last exit 7; Stalled: it fails",
            ])
    }

    @Test func `where the table does not fit, why stands below it and no word is broken`() throws {
        try write("web", tasks: [try task("web", ordinal: 0, digest: "a")], why: "one two three four five six seven")
        var picture = StatusPicture()
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        let table = StatusTable(form: .full)
        let workloads = picture.reports.map(\.status)
        #expect(
            table.lines(workloads, columns: 77).map(\.text) == [
                "WORKLOAD  SYNC       HEALTH   READY  RESTARTS  AGE  NODE  FILE",
                "web       OutOfSync  Healthy  1/2    0         1 m  w1    web.json",
                "  Stalled: one two three four five six seven",
            ])
        #expect(
            table.lines(workloads, columns: 20).suffix(3).map(\.text)
                == ["  Stalled: one two", "  three four five", "  six seven"])
        #expect(
            table.lines(workloads, columns: 200).map(\.text).last
                == "web       OutOfSync  Healthy  1/2    0         1 m  w1    web.json  Stalled: one two three four five six seven"
        )
    }

    @Test func `where nobody reconciles, nothing counts as synced, and what does not run not as healthy`() throws {
        let (web, job) = (try task("web", ordinal: 0, digest: "a"), try task("job", ordinal: 1, digest: "a"))
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
        picture.freshness = StatusFreshness(outdated: "nobody is at work", isAbsent: true, living: [])
        #expect(
            seen() == ["job Unknown Healthy 1", "web Unknown Missing 0", "Unknown, Missing; 2 workloads, 1 healthy"])
        picture.freshness.living = [web.id]
        #expect(seen()[1] == "web Unknown Healthy 1")
        // Where tasks run elsewhere, nobody here knows how they are.
        picture.freshness.living = nil
        #expect(seen()[1] == "web Unknown Unknown 1")
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
        // What nobody keeps up to date is not waited for in vain: it never counts as well.
        picture.freshness.outdated = "nobody is at work"
        #expect(unwell("web") == ["the status is not current: nobody is at work"])
        let waiter = StatusWaiter(names: [])
        #expect(waiter.show(picture, changed: []))
        picture.freshness.outdated = nil
        try write("api")
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(!waiter.show(picture, changed: []) && waiter.unwell.isEmpty)
    }

    @Test func `a pipe is told everything once, and then what is otherwise`() throws {
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
        // What nobody told of is not read.
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

    @Test func `who no longer reads is told nothing more`() throws {
        try write("web")
        var lines = StatusLines(isJSON: true) { _ in false }
        var picture = StatusPicture()
        let changed = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        #expect(try !lines.show(picture, changed: changed))
    }

    @Test func `a live picture of tasks keeps to the terminal`() throws {
        for name in ["api", "web"] {
            try write(name, tasks: try (0..<9).map { try task(name, ordinal: $0, digest: "a") }, why: "it fails")
        }
        var picture = StatusPicture()
        _ = try picture.read(SourceChange(everything: true), from: WrittenStatus(data: data))
        var frame = LiveFrame(title: "cube status", foot: "Ctrl-C ends this.", summary: nil, reports: picture.reports)
        frame.form = .wide
        frame.warning = "Not current: nobody is at work"
        let lines = frame.lines(columns: 60, rows: 20)
        #expect(lines.count < 20 && lines.allSatisfy { $0.count <= 60 })
        #expect(lines[2].text.hasPrefix("api/0") && lines[11].text == "  Stalled: it fails")
        #expect(lines.suffix(3).map(\.text) == ["… and 1 more", "Not current: nobody is at work", "Ctrl-C ends this."])
    }

    @Test(arguments: [
        (Condition.Kind.stale, true, HealthStatus.healthy, true), (.stale, false, .healthy, false),
        (.ready, false, .suspended, true), (.ready, false, .progressing, false), (.held, true, .healthy, false),
    ])
    func `what stays as it is, whatever is asked for, says why`(
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

    @Test func `what ails a workload is told before what goes on, and once`() throws {
        func why(_ health: HealthStatus, _ conditions: (Condition.Kind, Bool, String)...) throws -> String? {
            WorkloadStatus(
                name: try #require(WorkloadName(rawValue: "web")), sync: .synced, health: health,
                replicas: WorkloadStatus.Replicas(desired: 1, live: 1, ready: 0),
                conditions: conditions.map {
                    Condition(type: $0, status: $1, reason: "r", message: $2, lastTransitionTime: then)
                }
            ).why
        }
        let rollout = (Condition.Kind.reconciling, true, "schedule web/1")
        #expect(try why(.degraded, (.ready, false, "web/0 ended"), rollout) == "web/0 ended; schedule web/1")
        #expect(try why(.unknown, (.ready, false, "n1 is silent"), rollout) == "n1 is silent; schedule web/1")
        #expect(try why(.progressing, (.ready, false, "web/0 starts"), rollout) == "schedule web/1")
        #expect(try why(.progressing, (.ready, false, "web/0 starts")) == "web/0 starts")
        #expect(try why(.degraded, (.ready, false, "it failed"), (.stalled, true, "it failed")) == "Stalled: it failed")
        #expect(try why(.healthy, (.ready, true, "all is well")) == nil)
    }

    @Test func `where nobody reconciles, it says what would, and what runs only where tasks may`() async throws {
        let alone = "no reconciler is at work here, so this is what the last one saw"
        #expect(try await StatusFreshness.find(in: data).outdated == "\(alone). `cube reconcile` starts one")
        try data.path.appending("worker/w1").makeDirectory()
        let outdated = try await StatusFreshness.find(in: data).outdated
        #expect(outdated == "\(alone); now no task runs here. `cube up` starts one")
    }
}
