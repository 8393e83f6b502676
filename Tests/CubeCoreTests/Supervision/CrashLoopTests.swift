import CubeCore
import CubeTypes
import Foundation
import Testing

struct CrashLoopTests {
    private let start = DurableInstant(
        boot: "a", uptime: .seconds(500), wall: Timestamp(milliseconds: 1_700_000_000_000))

    /// Ends the current run and starts the next one, each at its time.
    private func crash(_ placement: inout SupervisedPlacement, at moment: DurableInstant) {
        placement.launched(run: placement.run, at: moment)
        placement.ended(
            run: placement.run, .exited(TaskResult(code: 1, at: moment.wall), lasted: .seconds(1)), output: nil,
            now: moment, jitter: 0)
    }

    private func report(_ placement: SupervisedPlacement) -> WorkerTask { placement.report(notEnforced: []) }

    @Test func `a service is in a crash loop from the longest backoff until a run lasts that long`() {
        var placement = SupervisedPlacement(.example(), boot: "a")
        for restart in 1...7 {
            crash(&placement, at: start)
            #expect(report(placement).reason == (restart < 7 ? .backoff : .crashLoop))
            placement.waitOver(run: placement.run, boot: "a")
        }
        #expect(report(placement).reason == .crashLoop, "also while it is started")
        placement.launched(run: placement.run, at: start)
        #expect(report(placement).ready && report(placement).reason == .crashLoop, "and when it runs")
        #expect(report(placement).message == "exit code 1")
        #expect(placement.probation(at: start + .seconds(20)) == .seconds(40))
        placement.recovered(run: placement.run, now: start + .seconds(59))
        #expect(report(placement).reason == .crashLoop, "not before its time")
        placement.recovered(run: placement.run, now: start + .seconds(60))
        #expect(report(placement).reason == nil && report(placement).message == nil)
        #expect(placement.probation(at: start + .seconds(60)) == nil)
        crash(&placement, at: start + .seconds(70))
        #expect(report(placement).reason == .crashLoop, "the backoff begins anew after ten minutes only")
    }

    @Test
    func `a declared restart limit ends a service, and a limit that an older version stored as a default does not`() {
        let plain = TaskAssignment.example { $0.restart.max = nil }.definition
        for (digest, isLimited) in [(plain.settingsDigest, false), (Digest.sha256(of: "another"), true)] {
            var assignment = TaskAssignment.example { $0.restart.max = 10 }
            assignment.settingsDigest = digest
            var placement = SupervisedPlacement(assignment, boot: "a")
            for _ in 0...10 where placement.endedAt == nil {
                crash(&placement, at: start)
                placement.waitOver(run: placement.run, boot: "a")
            }
            #expect((report(placement).state == .failed) == isLimited)
        }
    }

    @Test func `a record of an older version can be read`() throws {
        var placement = SupervisedPlacement(.example(), boot: "a")
        crash(&placement, at: start)
        var object = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(placement)) as? [String: Any])
        object["phase"] = ["waiting": ["until": "2023-11-14T22:13:21.000Z"]]
        object["startedAt"] = "2023-11-14T22:13:20.000Z"
        object["restarts"] = ["count": 1, "unstable": 1, "recent": ["2023-11-14T22:13:20.000Z"]]
        let read = try JSONDecoder().decode(
            SupervisedPlacement.self, from: JSONSerialization.data(withJSONObject: object))
        guard case .wait(let until) = read.due else {
            Issue.record("unexpected due step: \(read.due)")
            return
        }
        #expect(until.remaining(at: start) == .zero && report(read).startedAt == start.wall)
        object["phase"] = ["ended": ["_0": "failed", "at": "2023-11-14T22:13:20.000Z"]]
        let ended = try JSONDecoder().decode(
            SupervisedPlacement.self, from: JSONSerialization.data(withJSONObject: object))
        #expect(ended.endedAt == DurableInstant(wall: start.wall))
    }
}
