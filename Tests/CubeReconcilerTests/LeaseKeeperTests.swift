import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeReconciler

@Suite(.cluster) struct LeaseKeeperTests {
    @Test func `A lease whose answer was lost belongs to its requester only`() async throws {
        let cluster = try #require(FakeCluster.current)
        let source = try #require(SourceID(rawValue: "22222222-2222-4222-8222-222222222222"))
        func keeper(_ id: String) -> LeaseKeeper {
            LeaseKeeper(cluster, owner: .default, holder: "test", source: source, id: id, clock: cluster.clock)
        }
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
