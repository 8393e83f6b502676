import CubeCore
import CubeTypes
import Testing

@testable import cube

@Suite struct ApplyOutcomeTests {
    private func outcome(
        _ conditions: [(Condition.Kind, String)], holds: Bool = false, isConverged: Bool = false
    ) throws -> Int32? {
        let digest = try #require(Digest(rawValue: "sha256:" + String(repeating: "a", count: 64)))
        let hold = Hold(
            digest: digest, guardName: "guard_window",
            changes: [HeldChange(verb: "prune", name: WorkloadName(rawValue: "old")!, ordinal: 0, from: nil, to: nil)])
        let summary = SummaryStatus(
            owner: .default, source: SourceRevision(path: "m"),
            conditions: conditions.map {
                Condition(
                    type: $0.0, reason: $0.1, message: $0.1, lastTransitionTime: Timestamp(milliseconds: 0))
            },
            holds: holds ? [SummaryStatus.HeldSet(hold)] : [])
        return ApplyOutcome(summary, isConverged: isConverged)?.exitStatus.rawValue
    }

    @Test func `each end has its exit code`() throws {
        #expect(try outcome([], isConverged: true) == 0)
        #expect(try outcome([(.held, "guard_window")], holds: true) == 4)
        #expect(try outcome([(.stalled, "stalled")]) == 5)
        #expect(try outcome([(.held, "lease_held")]) == 6)
        #expect(try outcome([(.held, "owner_taken")]) == 6)
    }

    @Test func `somebody else's lease comes before a hold, and a hold before what does not go on`() throws {
        #expect(try outcome([(.held, "lease_held"), (.stalled, "stalled")], holds: true) == 6)
        #expect(try outcome([(.held, "guard_window"), (.stalled, "stalled")], holds: true) == 4)
    }

    @Test func `it goes on while something is being changed`() throws {
        #expect(try outcome([(.reconciling, "reconciling"), (.held, "guard_window")], holds: true) == nil)
        #expect(try outcome([]) == nil)
    }
}
