import CubeCore
import CubeTesting
import CubeText
import CubeTypes
import Testing

/// The status of workloads as tables and as a picture that fits a terminal.
@Suite struct StatusTableTests {
    private let then = Timestamp(milliseconds: 0)
    private let now = Timestamp(milliseconds: 1_000_000)

    private func task(_ name: String, ordinal: Int, digest: Character) -> TaskSummary {
        .sample(name, ordinal: ordinal, digest: digest, createdAt: now + .seconds(-90))
    }

    @Test
    func `the wide table has a row for each task with its health and reason, and a row for a workload without tasks`()
        throws
    {
        var tasks = [
            task("web", ordinal: 0, digest: "a"), task("web", ordinal: 1, digest: "b"),
            task("web", ordinal: 2, digest: "b"),
        ]
        tasks[1].ready = false
        (tasks[2].ready, tasks[2].state, tasks[2].exit) = (false, .scheduled, TaskResult(code: 7, at: then))
        let workloads = [
            WorkloadStatus.sample("api"), .sample("web", tasks: tasks, stalledBecause: "it fails"),
        ]
        let lines = StatusTable(form: .wide, now: now).table(workloads).lines()
        #expect(
            lines.map(\.text) == [
                "TASK   SYNC       HEALTH       STATE      READY  RESTARTS  NODE  ATTEMPT  AGE  DIGEST    ENDPOINTS            SOURCE      WHY",
                "api    Synced     Healthy      -          -      -         -     -        -    -         -                    api.json:2",
                "web/0  OutOfSync  Healthy      running    yes    0         w1    3        1 m  aaaaaaaa  http=10.0.0.5:20000  web.json:2",
                "web/1  OutOfSync  Progressing  running    no     0         w1    3        1 m  bbbbbbbb  http=10.0.0.5:20001  web.json:2  Stalled: it fails",
                "web/2  OutOfSync  Degraded     scheduled  no     0         w1    3        1 m  bbbbbbbb  http=10.0.0.5:20002  web.json:2  last exit code 7; Stalled: it fails",
            ])
    }

    @Test func `a table that is too wide moves the reasons below the rows, and breaks no word`() throws {
        let web = task("web", ordinal: 0, digest: "a")
        let workloads = [
            WorkloadStatus.sample("web", tasks: [web], stalledBecause: "one two three four five six seven")
        ]
        let table = StatusTable(form: .full, now: now)
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

    @Test func `the live picture of tasks stays within the terminal`() throws {
        let reports = ["api", "web"].map { name in
            let tasks = (0..<9).map { task(name, ordinal: $0, digest: "a") }
            return WorkloadReport(status: .sample(name, tasks: tasks, stalledBecause: "it fails"))
        }
        var frame = LiveFrame(title: "cube status", foot: "Ctrl-C ends this.", summary: nil, reports: reports, now: now)
        frame.form = .wide
        frame.warning = "Not current: nobody is at work"
        let lines = frame.lines(columns: 60, rows: 20)
        #expect(lines.count < 20 && lines.allSatisfy { $0.count <= 60 })
        #expect(lines[2].text.hasPrefix("api/0") && lines[11].text == "  Stalled: it fails")
        #expect(lines.suffix(3).map(\.text) == ["… and 1 more", "Not current: nobody is at work", "Ctrl-C ends this."])
    }

    @Test func `the reason for bad health comes before the progress, and only once`() throws {
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
}
