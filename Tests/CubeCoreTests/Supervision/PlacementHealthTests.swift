import CubeCore
import CubeTypes
import Foundation
import Testing

struct PlacementHealthTests {
    private let now = DurableInstant(boot: "a", uptime: .seconds(500), wall: Timestamp(milliseconds: 1_000_000))
    private static let ready = HealthCheck(
        tcp: TCPProbe(port: .number(80)), interval: .seconds(1), timeout: .seconds(1))

    private func running(_ health: HealthChecks, restart: RestartPolicy = .standard(for: .service))
        -> SupervisedPlacement
    {
        var placement = SupervisedPlacement(
            .example {
                $0.health = health
                $0.restart = restart
            }, boot: "a")
        placement.launched(run: 1, at: now)
        return placement
    }

    private func report(_ placement: SupervisedPlacement) -> WorkerTask { placement.report(notEnforced: []) }

    @Test func `a task is ready when it runs or, if it has a ready check, when the check passes`() {
        #expect(report(running(.none)).ready)
        var placement = running(HealthChecks(ready: Self.ready))
        #expect(!report(placement).ready)
        #expect(report(placement).reason == .notReady)
        placement.checked(run: 1, .ready, .tolerated("connection refused"))
        #expect(report(placement).message == "ready check failed: connection refused")
        placement.checked(run: 1, .ready, .passes)
        #expect(report(placement).ready && report(placement).reason == nil)
        placement.checked(run: 1, .ready, .tolerated("busy"))
        #expect(report(placement).ready, "A single failure does not count.")
        placement.checked(run: 1, .ready, .fails("busy"))
        #expect(!report(placement).ready && report(placement).state == .running)
        placement.checked(run: 1, .ready, .passes)
        #expect(report(placement).ready)
    }

    @Test
    func `a failed live check ends the run, which counts as failed whatever the exit code, and the task is restarted`()
    {
        for policy in [RestartPolicy.Condition.always, .onFailure] {
            var placement = running(HealthChecks(live: Self.ready), restart: RestartPolicy(policy: policy))
            placement.checked(run: 1, .live, .tolerated("slow"))
            #expect(report(placement).ready)
            placement.checked(run: 1, .live, .fails("slow"))
            #expect(placement.due == .stop(run: 1, boot: "a"))
            #expect(report(placement).state == .running && !report(placement).ready)
            #expect(report(placement).reason == .unhealthy)
            #expect(!placement.needsChecks(run: 1))
            placement.ended(
                run: 1, .exited(TaskResult(code: 0, at: now.wall), lasted: .seconds(5)), output: nil, now: now,
                jitter: 0)
            #expect(placement.due == .wait(until: DurableDeadline(.seconds(1), from: now)))
            #expect(report(placement).message == "live check failed: slow")
            #expect(report(placement).exit?.code == 0)
            placement.waitOver(run: 2, boot: "a")
            placement.launched(run: 2, at: now)
            #expect(report(placement).ready, "The findings of the previous run are forgotten.")
        }
    }

    @Test func `if the policy allows no restart, a failed live check is the reason of the end`() {
        var placement = running(HealthChecks(live: Self.ready), restart: RestartPolicy(policy: .never))
        placement.checked(run: 1, .live, .fails("slow"))
        placement.ended(
            run: 1, .exited(TaskResult(code: nil, signal: 15, at: now.wall), lasted: .seconds(5)), output: nil,
            now: now,
            jitter: 0)
        #expect(report(placement).state == .failed)
        #expect(report(placement).reason == .unhealthy)
    }

    @Test func `a task that is stopped after a failed live check counts as stopped`() {
        var placement = running(HealthChecks(live: Self.ready))
        placement.checked(run: 1, .live, .fails("slow"))
        placement.stopRequested(now: now)
        placement.ended(
            run: 1, .exited(TaskResult(code: 0, at: now.wall), lasted: .seconds(5)), output: nil, now: now, jitter: 0)
        #expect(report(placement).state == .stopped)
    }

    @Test func `findings of late checks, of other runs and of checks that are no longer declared change nothing`() {
        let placement = running(HealthChecks(ready: Self.ready))
        var other = placement
        other.checked(run: 2, .ready, .passes)
        other.checked(run: 1, .live, .fails("no such check"))
        #expect(other == placement)
    }

    @Test func `a newly declared ready check leaves the task ready until its first outcome`() {
        var placement = running(.none)
        var definition = placement.assignment.definition
        definition.health.ready = Self.ready
        placement.settingsChanged(
            TaskSettings(
                cluster: placement.assignment.cluster, term: 1, placement: 1,
                settingsDigest: placement.assignment.settingsDigest, definition: definition))
        #expect(report(placement).ready)
        #expect(placement.needsChecks(run: 1))
        placement.checked(run: 1, .ready, .fails("refused"))
        #expect(!report(placement).ready)
    }

    @Test func `the report shows the failure of a check until the check passes again`() {
        var placement = running(HealthChecks(ready: Self.ready, live: Self.ready))
        placement.checked(run: 1, .ready, .passes)
        placement.checked(run: 1, .live, .tolerated("GET /healthz on port 8080 answered 503"))
        #expect(report(placement).ready && report(placement).reason == .checkFailing)
        #expect(report(placement).message == "live check failed: GET /healthz on port 8080 answered 503")
        placement.checked(run: 1, .live, .passes)
        #expect(report(placement).ready && report(placement).reason == nil && report(placement).message == nil)
        placement.checked(run: 1, .ready, .tolerated("busy"))
        #expect(report(placement).ready && report(placement).message == "ready check failed: busy")
    }

    @Test func `during the wait for a restart, the report shows the failed check and the last output`() {
        var placement = running(HealthChecks(live: Self.ready))
        placement.checked(run: 1, .live, .fails("GET /healthz on port 8080 answered 503"))
        placement.ended(
            run: 1, .exited(TaskResult(code: nil, signal: 15, at: now.wall), lasted: .seconds(5)),
            output: "closing\n", now: now, jitter: 0)
        #expect(!report(placement).ready && report(placement).reason == .backoff)
        #expect(
            report(placement).message
                == "live check failed: GET /healthz on port 8080 answered 503\nlast lines of its output:\nclosing\n")
    }

    @Test func `a record of a worker without health checks can be read`() throws {
        let placement = running(.none)
        var object = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(placement)) as? [String: Any])
        object["health"] = nil
        let data = try JSONSerialization.data(withJSONObject: object)
        #expect(try JSONDecoder().decode(SupervisedPlacement.self, from: data) == placement)
    }
}
