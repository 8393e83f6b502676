import CubeCore
import CubeText
import CubeTypes
import Testing

@testable import cube

@Suite struct ApplyOutcomeTests {
    private func outcome(
        _ conditions: [(Condition.Kind, String)], holds: Bool = false, isConverged: Bool = false, isBound: Bool = false
    ) throws -> Int32? {
        let summary = try summary(conditions, holds: holds)
        return ApplyOutcome(summary, isConverged: isConverged, isBound: isBound)?.exitStatus.rawValue
    }

    private func summary(_ conditions: [(Condition.Kind, String)], holds: Bool) throws -> SummaryStatus {
        let digest = try #require(Digest(rawValue: "sha256:" + String(repeating: "a", count: 64)))
        let hold = Hold(
            digest: digest, guardName: "guard_window",
            changes: [HeldChange(verb: "prune", name: WorkloadName(rawValue: "old")!, ordinal: 0, from: nil, to: nil)])
        return SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"),
            conditions: conditions.map {
                Condition(
                    type: $0.0, reason: $0.1, message: $0.1, lastTransitionTime: Timestamp(milliseconds: 0))
            },
            holds: holds ? [SummaryStatus.HeldSet(hold, GuardLimits(), \.command)] : [])
    }

    @Test func `after a timeout, apply reports held changes, also when another process holds the lease`() throws {
        let busy = try summary([(.held, "guard_window"), (.reconciling, "reconciling")], holds: true)
        #expect(ApplyOutcome(busy, isConverged: false) == nil)
        let late = ApplyOutcome.late(.seconds(5), busy, [])
        #expect(late.exitStatus == .held)
        #expect(late.lines.text.contains("cube approve"))
        let led = try summary([(.held, "lease_held")], holds: true)
        #expect(ApplyOutcome.late(.seconds(5), led, []).exitStatus == .held)
    }

    @Test func `each outcome has its exit code`() throws {
        #expect(try outcome([], isConverged: true) == 0)
        #expect(try outcome([(.held, "guard_window")], holds: true) == 4)
        #expect(try outcome([(.stalled, "stalled")]) == 5)
        #expect(try outcome([(.held, "lease_held")], isBound: true) == 6)
        #expect(try outcome([(.held, "owner_taken")]) == 6)
    }

    @Test func `a lease of another holder takes precedence over held changes, and these over stalled workloads`() throws
    {
        #expect(try outcome([(.held, "owner_taken"), (.stalled, "stalled")], holds: true) == 6)
        #expect(try outcome([(.held, "guard_window"), (.stalled, "stalled")], holds: true) == 4)
    }

    @Test func `apply waits for a lease holder of the same source while it is reconciling`() throws {
        #expect(try outcome([(.held, "lease_held")]) == nil)
        // The guards hold the same everywhere.
        #expect(try outcome([(.held, "lease_held")], holds: true) == 4)
        #expect(try outcome([(.held, "lease_held"), (.stalled, "stalled"), (.reconciling, "reconciling")]) == nil)
        #expect(try outcome([(.held, "lease_held"), (.stalled, "stalled")]) == 5)
        #expect(try outcome([(.held, "lease_held")], isConverged: true) == 0)
    }

    @Test func `apply reports frozen workloads that differ, and workloads that have not converged in time`() throws {
        let frozen = SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"), counts: SummaryStatus.Counts(suspended: 1, outOfSync: 1)
        )
        let outcome = try #require(ApplyOutcome(frozen, isConverged: true))
        #expect(outcome.exitStatus == .success)
        #expect(outcome.lines.text.contains("except 1 frozen workload that differs"))

        func workload(_ name: String, _ sync: SyncStatus, _ health: HealthStatus, _ why: String? = nil)
            -> WorkloadStatus
        {
            WorkloadStatus(
                name: WorkloadName(rawValue: name)!, sync: sync, health: health,
                replicas: WorkloadStatus.Replicas(desired: 1, live: 1, ready: 1),
                conditions: why.map {
                    [
                        Condition(
                            type: .stalled, reason: "failed", message: $0,
                            lastTransitionTime: Timestamp(milliseconds: 0))
                    ]
                } ?? [])
        }
        let late = ApplyOutcome.late(
            .seconds(5), nil,
            [
                workload("web", .outOfSync, .progressing), workload("api", .synced, .degraded, "api/0 failed"),
                workload("ok", .synced, .healthy), workload("frozen", .outOfSync, .suspended),
            ])
        #expect(late.exitStatus == .notConverged)
        #expect(
            late.lines.text == """
                Not converged: not everything runs as declared after 5s
                  api is Synced, Degraded: Stalled: api/0 failed
                  web is OutOfSync, Progressing
                See `cube status`.

                """)
    }

    @Test func `apply names stalled workloads and the reasons`() throws {
        func condition(_ message: String) -> Condition {
            Condition(
                type: .stalled, reason: "failed", message: message, lastTransitionTime: Timestamp(milliseconds: 0))
        }
        let summary = SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"),
            conditions: [condition("1 workload makes no progress without intervention")])
        let web = WorkloadStatus(
            name: try #require(WorkloadName(rawValue: "web")), sync: .synced, health: .degraded,
            replicas: WorkloadStatus.Replicas(desired: 1, live: 0, ready: 0),
            conditions: [condition("web/0 ended with exit code 7")])
        #expect(
            ApplyOutcome(summary, isConverged: false)?.naming([web]).lines.text == """
                Not converged: 1 workload makes no progress without intervention
                  web is Synced, Degraded: Stalled: web/0 ended with exit code 7
                See `cube status`.

                """)
    }

    @Test func `apply reports convergence only if the current status is converged`() throws {
        func summary(_ status: Bool) -> SummaryStatus {
            SummaryStatus(
                owner: .default, source: SourceRevision(path: "m"),
                conditions: [
                    Condition(
                        type: .ready, status: status, reason: "x", message: "x",
                        lastTransitionTime: Timestamp(milliseconds: 0))
                ])
        }
        #expect(summary(true).isConverged && !summary(false).isConverged)
    }

    @Test func `apply continues while actions are in flight`() throws {
        #expect(try outcome([(.reconciling, "reconciling"), (.held, "guard_window")], holds: true) == nil)
        #expect(try outcome([]) == nil)
    }
}
