import CubeCore
import CubeText
import CubeTypes
import Testing

@Suite struct LiveFrameTests {
    private let then = Timestamp(milliseconds: 0)

    private func report(
        _ name: String, health: HealthStatus = .healthy, sync: SyncStatus = .synced, why: String? = nil,
        drift: [ReportedAction] = []
    ) throws -> WorkloadReport {
        let name = try #require(WorkloadName(rawValue: name))
        return WorkloadReport(
            status: WorkloadStatus(
                name: name, sync: sync, health: health,
                replicas: WorkloadStatus.Replicas(desired: 1, live: 1, ready: health == .healthy ? 1 : 0),
                conditions: why.map {
                    [Condition(type: .stalled, reason: "failed", message: $0, lastTransitionTime: then)]
                } ?? []),
            drift: drift.isEmpty
                ? nil : DriftReport(name: name, since: then, differences: [], actions: drift, heldBy: []))
    }

    private func action(_ verb: PlannedAction.Verb, waitsFor: WaitReason) -> ReportedAction {
        ReportedAction(
            verb: verb, ordinal: 0, task: TaskID(rawValue: "0f3c0000-0000-4000-8000-000000000001")!, rule: .specChanged,
            message: "m", state: .waiting, waitsFor: waitsFor)
    }

    private func frame(_ reports: [WorkloadReport], conditions: [Condition] = []) -> LiveFrame {
        let counts = SummaryStatus.Counts(workloads: reports.count, healthy: reports.count)
        return LiveFrame(
            title: "cube up", foot: "Ctrl-C ends this.",
            summary: SummaryStatus(
                owner: .default, source: SourceRevision(path: "m"), sync: .synced, health: .healthy, counts: counts,
                conditions: conditions),
            reports: reports, now: then)
    }

    @Test func `unhealthy workloads come first, then the actions that are due and the problems`() throws {
        let frame = frame(
            [
                try report("api"), try report("web", health: .degraded, why: "web/0 failed with exit code 7"),
                try report(
                    "db", sync: .outOfSync,
                    drift: [
                        action(.schedule, waitsFor: .slotStopping), action(.stop, waitsFor: .minHealthy),
                    ]),
            ],
            conditions: [
                Condition(type: .stale, reason: "syntax", message: "web.json: not JSON", lastTransitionTime: then)
            ])
        #expect(
            frame.lines(columns: 80, rows: 24).map(\.text) == [
                "cube up: Synced, Healthy; 3 workloads, 3 healthy",
                "WORKLOAD  SYNC       HEALTH    READY  RESTARTS  AGE  NODE",
                "web       Synced     Degraded  0/1    0         -    -",
                "  Stalled: web/0 failed with exit code 7",
                "db        OutOfSync  Healthy   1/1    0         -    -",
                "api       Synced     Healthy   1/1    0         -    -",
                "replace db/0: waits until other tasks have been ready for min_healthy",
                "Stale: web.json: not JSON",
                "Ctrl-C ends this.",
            ])
    }

    @Test(arguments: [(20, 5), (40, 10), (80, 24), (10, 2)])
    func `the picture fits the terminal, whatever it shows`(columns: Int, rows: Int) throws {
        let frame = frame(try (0..<100).map { try report("workload-\($0)", health: .degraded, why: "it fails") })
        let lines = frame.lines(columns: columns, rows: rows)
        #expect(lines.count < rows)
        #expect(lines.allSatisfy { $0.count <= columns })
    }

    @Test func `recent log lines stand below the picture`() throws {
        var frame = frame([try report("api")])
        frame.logLines = ["12:00 warning worker: a disk is full"]
        #expect(
            frame.lines(columns: 80, rows: 24).suffix(2).map(\.text)
                == ["12:00 warning worker: a disk is full", "Ctrl-C ends this."])
    }

    @Test func `the picture shows that the reconciler is starting before the first pass`() {
        let frame = LiveFrame(title: "cube up", foot: "Ctrl-C ends this.", summary: nil, reports: [], now: then)
        #expect(
            frame.lines(columns: 80, rows: 24).map(\.text) == ["cube up: starting", "Ctrl-C ends this."])
    }
}
