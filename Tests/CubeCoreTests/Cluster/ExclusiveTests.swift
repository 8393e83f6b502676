import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// Tasks of which there must never be two instances.
struct ExclusiveTests {
    private static let definition = TaskDefinition(name: .web, command: ["true"], exclusive: true)

    /// A cluster with w1, and w2 from the second step on.
    private func running() throws -> (cluster: TestCluster, id: TaskID, former: WorkerTask) {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try cluster.schedule(Self.definition).task.id
        try cluster.report([cluster.report(id, .running)], from: .w1)
        try cluster.join(.w2)
        return (cluster, id, cluster.report(id, .running))
    }

    private func isAssigned(_ id: TaskID, on node: NodeName, in cluster: TestCluster) -> Bool {
        if case .assign? = cluster.state.call(for: id, on: node) { true } else { false }
    }

    private func silence(_ node: NodeName, in cluster: inout TestCluster) throws {
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
    }

    @Test func `it runs only on nodes whose runtime can end it in time`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, exclusiveRuntimes: [])
        let task = try cluster.schedule(Self.definition).task
        #expect(task.state == .pending && task.reason == .noRuntime)
        #expect(task.message?.contains("as exclusive") == true)
        try cluster.join(.w2)
        #expect(cluster.task(task.id)?.phase.placement?.node == .w2)
    }

    @Test func `it is started elsewhere while its node is silent`() throws {
        var (cluster, id, former) = try running()
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.phase.placement?.node == .w2)
        #expect(isAssigned(id, on: .w2, in: cluster))
        // The node is back. The former instance has ended.
        (former.state, former.ready, former.reason) = (.stopped, false, .leaseLost)
        try cluster.report([former], from: .w1)
        #expect(cluster.task(id)?.leaving == [] && cluster.task(id)?.phase.placement?.node == .w2)
    }

    @Test func `if its node is back before it was started elsewhere, it waits for the end of the former instance`()
        throws
    {
        var (cluster, id, former) = try running()
        try silence(.w1, in: &cluster)
        try cluster.report([], from: .w1)
        #expect(!isAssigned(id, on: .w2, in: cluster))
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        // A complete list without the task proves nothing: the call that assigned it may be under way.
        try cluster.report([], from: .w1, isComplete: true)
        #expect(!isAssigned(id, on: .w2, in: cluster))
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        former.state = .stopped
        try cluster.report([former], from: .w1)
        #expect(isAssigned(id, on: .w2, in: cluster) && cluster.state.due(on: .w1) == [])
    }

    @Test func `an instance that lost its lease is placed anew, and a stop of it still counts`() throws {
        for isStopping in [false, true] {
            var (cluster, id, report) = try running()
            if isStopping { try cluster.stop(id) }
            (report.state, report.ready, report.reason) = (.stopped, false, .leaseLost)
            try cluster.report([report], from: .w1)
            let task = try #require(cluster.task(id))
            if isStopping {
                #expect(task.phase.state == .stopped)
            } else {
                #expect(task.phase.state == .scheduled && task.phase.placement?.number == 2)
                let node = try #require(task.phase.placement?.node)
                #expect(isAssigned(id, on: node, in: cluster))
            }
        }
    }

    @Test func `a drain stops it first, and starts it afterwards`() throws {
        var (cluster, id, former) = try running()
        try cluster.run { (transaction) throws(APIError) in try transaction.drain(.w1) }
        #expect(cluster.task(id)?.phase.placement?.node == .w2)
        #expect(!isAssigned(id, on: .w2, in: cluster))
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        expectRefusal(.conflict) { try cluster.run { (t) throws(APIError) in try t.remove(.w1) } }
        former.state = .stopped
        try cluster.report([former], from: .w1)
        #expect(isAssigned(id, on: .w2, in: cluster))
    }

    @Test func `the next task of its slot waits for the former one`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        func proposal(_ attempt: Int) -> TaskProposal {
            var proposal = cluster.proposal(.web, attempt: attempt)
            proposal.definition.exclusive = true
            proposal.settingsDigest = proposal.definition.settingsDigest
            return proposal
        }
        let (first, second) = (proposal(0), proposal(1))
        try cluster.schedule(first)
        try cluster.report([cluster.report(first.id, .running)], from: .w1)
        try cluster.schedule(second)
        #expect(!isAssigned(second.id, on: .w1, in: cluster))
        try cluster.stop(first.id)
        #expect(!isAssigned(second.id, on: .w1, in: cluster))
        let ended = cluster.report(first.id, .stopped)
        try cluster.report([ended], from: .w1)
        #expect(isAssigned(second.id, on: .w1, in: cluster))
    }

    @Test func `two tasks of a slot that nobody has started do not wait for each other`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var ids: [TaskID] = []
        for attempt in 0...1 {
            var proposal = cluster.proposal(.web, attempt: attempt)
            proposal.definition.exclusive = true
            proposal.settingsDigest = proposal.definition.settingsDigest
            ids.append(try cluster.schedule(proposal).task.id)
        }
        #expect(ids.map { isAssigned($0, on: .w1, in: cluster) } == [true, false])
    }

    @Test func `after a restore, it waits until all nodes have listed their tasks`() throws {
        var (cluster, id, _) = try running()
        try silence(.w1, in: &cluster)
        #expect(isAssigned(id, on: .w2, in: cluster))
        try cluster.run { (transaction) throws(APIError) in transaction.raiseTerm(above: 5) }
        #expect(!isAssigned(id, on: .w2, in: cluster))
    }
}
