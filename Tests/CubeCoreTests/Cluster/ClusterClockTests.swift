import CubeErrors
import CubeTypes
import Foundation
import HashTreeCollections
import Testing

@testable import CubeCore

/// The time-dependent decisions of a manager, while the wall clock jumps by a day in either direction.
@Suite("Clocks that jump")
struct ClusterClockTests {
    private static let wall = Timestamp(milliseconds: 1_700_000_000_000)
    private static let jumps: [Duration] = [.zero, .seconds(86_400), .seconds(-86_400)]

    /// An instant after the beginning, at which the wall clock shows another time.
    private static func moment(_ uptime: Duration, jump: Duration, boot: String = "b") -> DurableInstant {
        DurableInstant(boot: boot, uptime: .seconds(1000) + uptime, wall: wall + uptime + jump)
    }

    private static func transaction(_ state: ClusterState, at moment: DurableInstant) -> ClusterTransaction {
        ClusterTransaction(state, at: moment)
    }

    private static let begin = moment(.zero, jump: .zero)
    private static let state = ClusterState(
        records: ClusterRecords(cluster: TestCluster.cluster), term: 1, policy: .spread, at: begin)

    private static func request(_ fence: Int? = nil, holds: [Hold] = []) -> LeaseRequest {
        LeaseRequest(holder: "test", source: TestCluster.source, fence: fence, holds: holds)
    }

    @Test(arguments: jumps)
    func `a lease lasts fifteen seconds, whatever the wall clock shows`(jump: Duration) throws {
        var first = Self.transaction(Self.state, at: Self.begin)
        _ = try first.lease(.default, Self.request())
        var early = Self.transaction(first.state, at: Self.moment(.milliseconds(14_999), jump: jump))
        let error = #expect(throws: APIError.self) { try early.lease(.default, Self.request()) }
        #expect(error?.reason == .leaseHeld)
        var late = Self.transaction(first.state, at: Self.moment(.seconds(15), jump: jump))
        #expect(try late.lease(.default, Self.request()).fence == 2)
    }

    @Test(arguments: jumps)
    func `an approval lasts an hour, even across a restart of the manager`(jump: Duration) throws {
        let hold = Hold(
            digest: Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))!, guardName: "guard_window",
            changes: [])
        var first = Self.transaction(Self.state, at: Self.begin)
        _ = try first.lease(.default, Self.request(holds: [hold]))
        _ = try first.direct(.default, Directive(verb: .approve, subject: "aa"))
        // The state is restored from the store.
        let stored = try JSONDecoder().decode(
            OwnerRecord.self, from: JSONEncoder().encode(first.state.records.owners[.default]!))
        var records = ClusterRecords(cluster: TestCluster.cluster)
        records.owners[.default] = stored
        let early = Self.moment(.seconds(3599), jump: jump)
        let state = ClusterState(records: records, term: 2, policy: .spread, at: early)
        #expect(!state.isDue(at: early))
        let late = Self.moment(.seconds(3600), jump: jump)
        #expect(state.isDue(at: late))
        var last = Self.transaction(state, at: late)
        last.tick()
        #expect(last.state.records.owners[.default]?.directives == [])
        #expect(last.state.records.owners[.default]?.approvals == [:])
    }

    @Test func `times stored without a boot id are read, and the wall clock applies to them`() throws {
        let health = try JSONDecoder().decode(
            TaskRecord.Health.self, from: Data(#"{"ready":{"since":"2023-11-14T22:13:20.000Z"}}"#.utf8))
        #expect(health == .ready(since: DurableInstant(wall: Self.wall)))
        let owner = try JSONDecoder().decode(
            OwnerRecord.self,
            from: Data(#"{"name":"default","pass":3,"fence":7,"directives":[],"revision":9}"#.utf8))
        #expect(owner.fence == 7 && owner.approvals == [:])
    }

    @Test func `after a reboot, the wall clock applies, and a time in the future counts as now`() throws {
        let since = Self.begin
        #expect(Self.moment(.seconds(5), jump: .seconds(-86_400), boot: "c").since(since) == .zero)
        #expect(Self.moment(.seconds(5), jump: .zero, boot: "c").since(since) == .seconds(5))
    }

    @Test(arguments: jumps)
    func `a task counts as healthy after five seconds, and an ended task is kept for a day`(jump: Duration) throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        var report = WorkerTask(
            id: proposal.id, placement: 1, run: 1, state: .running, ready: true, settingsDigest: proposal.settingsDigest
        )
        func observe(_ state: ClusterState, at moment: DurableInstant) throws -> ClusterState {
            var transaction = Self.transaction(state, at: moment)
            _ = try transaction.observe(
                WorkerTaskList(complete: false, incarnation: "1", sequence: 1, tasks: [report]), from: .w1)
            return transaction.state
        }
        let ready = try observe(cluster.state, at: Self.begin)
        #expect(!ready.isDue(at: Self.moment(.milliseconds(4999), jump: jump)))
        #expect(ready.isDue(at: Self.moment(.seconds(5), jump: jump)))

        report.state = .failed
        // The clock of the worker is wrong by years.
        report.endedAt = Timestamp(milliseconds: 0)
        var ended = try observe(ready, at: Self.begin)
        // Later tasks displace earlier ones.
        for attempt in 1...11 {
            var transaction = Self.transaction(ended, at: Self.begin)
            let next = cluster.proposal(.web, attempt: attempt)
            _ = try transaction.schedule(ScheduleRequest(owner: .manual, maxLive: 20, task: next))
            ended = transaction.state
        }
        var early = Self.transaction(ended, at: Self.moment(.seconds(24 * 3600 - 1), jump: jump))
        early.sweep()
        #expect(early.state.records.tasks[proposal.id] != nil)
        var late = Self.transaction(ended, at: Self.moment(.seconds(24 * 3600), jump: jump))
        late.sweep()
        #expect(late.state.records.tasks[proposal.id] == nil)
    }
}
