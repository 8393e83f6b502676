import CubeCore
import CubeTypes
import Testing

struct NoticeBoardTests {
    private static let at = Timestamp(milliseconds: 0)

    private func workload(_ name: String, _ health: HealthStatus, reason: String) -> WorkloadStatus {
        WorkloadStatus(
            name: WorkloadName(rawValue: name)!, sync: .synced, health: health,
            replicas: .init(desired: 1, live: 1, ready: 0),
            conditions: [
                Condition(
                    type: .ready, status: false, reason: reason, message: "it is not", lastTransitionTime: Self.at)
            ])
    }

    private func board(held: Bool = false, _ workloads: WorkloadStatus...) -> NoticeBoard {
        var summary = SummaryStatus(owner: .default, source: SourceRevision(path: "manifests"))
        if held {
            summary.conditions = [
                Condition(
                    type: .held, status: true, reason: "guard_empty",
                    message: "the source no longer declares any workload",
                    lastTransitionTime: Self.at)
            ]
        }
        return NoticeBoard(summary, workloads)
    }

    @Test func `a problem is reported once when it begins, changes and ends`() {
        let bad = board(held: true, workload("web", .degraded, reason: "failed"))
        #expect(
            bad.notices(since: NoticeBoard()).map(\.text)
                == [
                    "Held: the source no longer declares any workload (guard_empty)",
                    "web is Degraded: it is not (failed)",
                ])
        #expect(bad.notices(since: bad) == [])
        let other = board(held: true, workload("web", .degraded, reason: "crash_loop"))
        #expect(other.notices(since: bad).map(\.event) == [.changed])
        #expect(
            board().notices(since: bad).map(\.text) == [
                "no longer Held (guard_empty)", "web is no longer Degraded (failed)",
            ])
    }

    @Test func `progress is not reported as a problem`() {
        #expect(board(workload("web", .progressing, reason: "starting")).troubles == [])
    }
}
