import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeReconciler

@Suite(.cluster) struct LeaseKeeperTests {
    private let cluster: FakeCluster
    private let source: SourceID

    init() throws {
        cluster = try #require(FakeCluster.current)
        source = try #require(SourceID(rawValue: "22222222-2222-4222-8222-222222222222"))
    }

    private func keeper(
        _ id: String, last: Int? = nil, limits: GuardLimits.Choice = GuardLimits.Choice()
    ) -> LeaseKeeper {
        LeaseKeeper(
            cluster, owner: .default, holder: "test", source: source, id: id, last: last, limits: limits,
            clock: cluster.clock)
    }

    private var owner: OwnerStatus {
        get async throws { try #require(try await cluster.tasks(owner: .default).owner) }
    }

    @Test func `Holds that do not fit into a request are cut, the lease is kept, and no approval covers a cut hold`()
        async throws
    {
        let keeper = keeper("a")
        func hold(_ guardName: String, _ count: Int) -> Hold {
            let changes = (0..<count).map {
                HeldChange(verb: HeldChange.prune, name: "web", ordinal: $0, from: nil, to: nil)
            }
            return Hold(digest: .sha256(of: guardName), guardName: guardName, changes: changes)
        }
        let (large, small) = (hold("guard_empty", 30_000), hold("prune_disabled", 3))
        keeper.tell([large, small])
        #expect(await keeper.renew() == .held(fence: 1))
        #expect(await keeper.renew() == .held(fence: 1))
        let holds = try await owner.holds
        #expect(holds.map(\.digest) == [large.digest, small.digest] && holds.map(\.count) == [30_000, nil])
        #expect(holds[0].changes == Array(large.changes.prefix(Hold.maximumChanges - 3)) && holds[1] == small)
        let error = await #expect(throws: APIError.self) {
            try await cluster.direct(Directive(verb: .approve, subject: large.digest.rawValue))
        }
        #expect(error?.reason == .conflict && error?.message.contains("30,000 changes") == true)
        try await cluster.direct(Directive(verb: .approve, subject: small.digest.rawValue))
    }

    @Test func `Limits that nobody gives stay as they are at the manager`() async throws {
        let all = GuardLimits.Choice(count: 5, percent: 50, window: .seconds(50))
        #expect(await keeper("a", limits: all).renew() == .held(fence: 1))
        let keeper = keeper("b", last: 1, limits: GuardLimits.Choice(count: 7))
        #expect(await keeper.renew() == .held(fence: 2))
        #expect(try await owner.limits == GuardLimits(count: 7, percent: 50, window: .seconds(50)))
        keeper.use(GuardLimits.Choice(window: .seconds(70)))
        #expect(await keeper.renew() == .held(fence: 2))
        #expect(try await owner.limits == GuardLimits(count: 7, percent: 50, window: .seconds(70)))
        keeper.use(GuardLimits.Choice())
        #expect(await keeper.renew() == .held(fence: 2))
        #expect(try await owner.limits == GuardLimits(count: 7, percent: 50, window: .seconds(70)))
    }

    @Test func `A lease whose answer was lost belongs to its requester only`() async throws {
        let first = keeper("a")
        cluster.loseAnswer()
        guard case .refused(let error) = await first.renew() else {
            Issue.record("the keeper has a lease although its answer was lost")
            return
        }
        #expect(error.reason == .unavailable)
        guard case .refused(let refusal) = await keeper("b").renew() else {
            Issue.record("two keepers have the same lease")
            return
        }
        #expect(refusal.reason == .leaseHeld)
        #expect(await first.renew() == .held(fence: 1))
    }
}
