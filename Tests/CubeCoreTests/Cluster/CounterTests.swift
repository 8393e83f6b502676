import CubeErrors
import CubeTypes
import Testing

@testable import CubeCore

/// Numbers that a damaged or hostile worker reports.
@Suite struct CounterTests {
    @Test(arguments: [Int.max, Counter.limit, Counter.limit - 1])
    func `an implausibly high term is not accepted`(term: Int) throws {
        var cluster = TestCluster()
        try cluster.run { (transaction) throws(APIError) in transaction.raiseTerm(above: term) }
        #expect(cluster.state.term == 1)
        try cluster.run { (transaction) throws(APIError) in transaction.raiseTerm(above: 7) }
        #expect(cluster.state.term == 8)
    }

    @Test func `an implausibly high placement is not accepted`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try cluster.schedule(cluster.proposal(.web)).task.id
        var task = try #require(cluster.task(id))
        let placed = task
        task.observeLostPlacement(.max)
        #expect(task == placed)
        task.observeLostPlacement(5)
        #expect(task.placements == 5 && task.phase.placement?.number == 5)
    }
}
