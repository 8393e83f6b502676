import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// What becomes of the tasks of a silent node.
struct LostNodeTests {
    private static let service = TaskDefinition(name: .web, command: ["true"])
    private static let job = TaskDefinition(name: .db, kind: .job, command: ["true"])

    private func silence(_ node: NodeName, in cluster: inout TestCluster) throws {
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
    }

    /// Schedules a definition on w1, the only node, and reports that it runs.
    private func run(_ definition: TaskDefinition, in cluster: inout TestCluster) throws -> TaskID {
        let id = try cluster.schedule(definition).task.id
        try cluster.report([cluster.report(id, .running)], from: .w1)
        return id
    }

    @Test(arguments: [false, true])
    func `A service runs elsewhere while its node is silent, and its former instance is stopped afterwards`(
        isComplete: Bool
    ) throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        let former = cluster.report(id, .running)
        try cluster.join(.w2)
        #expect(cluster.task(id)?.phase.placement?.node == .w1)

        try silence(.w1, in: &cluster)
        let status = try #require(cluster.task(id)?.status)
        #expect(status.node == .w2 && status.placement == 2 && !status.nodeUnknown && !status.ready)
        guard case .assign(let assignment) = cluster.state.call(for: id, on: .w2) else {
            Issue.record("The task is not assigned.")
            return
        }
        #expect(assignment.placement == 2)
        try cluster.report([cluster.report(id, .running)], from: .w2)

        // A worker that was only cut off reports no change. One that was started again lists everything.
        try cluster.report(isComplete ? [former] : [], from: .w1, isComplete: isComplete)
        #expect(cluster.state.due(on: .w1) == [id])
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        var stopped = former
        stopped.state = .stopped
        try cluster.report([stopped], from: .w1)
        #expect(cluster.state.due(on: .w1) == [])
        #expect(cluster.task(id)?.phase.placement?.node == .w2 && cluster.task(id)?.phase.state == .running)
    }

    @Test func `A service does not move to a node that may be silent too, and stays if its node is back first`() throws
    {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        try cluster.join(.w2)
        try cluster.run { (transaction) throws(APIError) in transaction.doubt(.w2) }
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.status.node == .w1 && cluster.task(id)?.status.nodeUnknown == true)
        let pending = try cluster.schedule(Self.job).task
        #expect(pending.state == .pending && pending.message?.contains("silent") == true)

        try cluster.report([], from: .w1, isComplete: false)
        try cluster.report([], from: .w2, isComplete: false)
        #expect(cluster.task(id)?.status.node == .w1 && cluster.task(id)?.status.placement == 1)
        #expect(cluster.state.overdue.isEmpty)
    }

    @Test(arguments: [true, false])
    func `After the manager has lost contact with all nodes, a service waits for its node, but not for long`(
        isOverdue: Bool
    ) throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        try cluster.join(.w2)
        // w2 has not responded for half of its lease, or for all of it.
        try cluster.run { (transaction) throws(APIError) in transaction.doubt(.w2) }
        if !isOverdue { try silence(.w2, in: &cluster) }
        try silence(.w1, in: &cluster)
        try cluster.report([], from: .w2, isComplete: false)
        #expect(cluster.task(id)?.status.node == .w1)
        // New tasks are not in doubt.
        let other = try cluster.schedule(Self.job).task
        #expect(other.node == .w2)
        // While the node stays silent, the manager says so again and again.
        cluster.now = cluster.now + .seconds(9)
        try silence(.w1, in: &cluster)
        try cluster.report([], from: .w2, isComplete: false)
        #expect(cluster.task(id)?.status.node == .w1)
        cluster.now = cluster.now + .seconds(1)
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.status.node == .w2 && cluster.state.returnWait == nil)
    }

    @Test func `After the manager was cut off from all nodes, nothing changes if all come back`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        try cluster.join(.w2)
        // No node responds for half of its lease, and then for all of it.
        for node in [NodeName.w1, .w2] {
            try cluster.run { (transaction) throws(APIError) in transaction.doubt(node) }
        }
        for node in [NodeName.w1, .w2] { try silence(node, in: &cluster) }
        try cluster.report([], from: .w2, isComplete: false)
        try cluster.report([], from: .w1, isComplete: false)
        #expect(cluster.task(id)?.status.node == .w1 && cluster.task(id)?.status.placement == 1)
        #expect(cluster.task(id)?.status.nodeUnknown == false && cluster.state.returnWait == nil)
        // A node that is lost later is replaced at once.
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.status.node == .w2)
    }

    @Test func `An exclusive task waits for no node, because it was killed on the silent one`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var definition = Self.service
        definition.exclusive = true
        let id = try run(definition, in: &cluster)
        try cluster.join(.w2)
        // No node responds for half of its lease, and then for all of it.
        for node in [NodeName.w1, .w2] {
            try cluster.run { (transaction) throws(APIError) in transaction.doubt(node) }
        }
        for node in [NodeName.w1, .w2] { try silence(node, in: &cluster) }
        try cluster.report([], from: .w2, isComplete: false)
        #expect(cluster.task(id)?.status.node == .w2)
    }

    @Test(arguments: [TaskKind.service, .job])
    func `A task that waits is marked, and nothing changes when its node is back`(kind: TaskKind) throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var definition = kind == .job ? Self.job : Self.service
        if kind == .service { definition.onLost = .wait }
        let id = try run(definition, in: &cluster)
        try cluster.join(.w2)
        try silence(.w1, in: &cluster)
        let status = try #require(cluster.task(id)?.status)
        #expect(status.nodeUnknown && status.node == .w1 && status.state == .running)
        try cluster.report([], from: .w1)
        #expect(cluster.task(id)?.status.nodeUnknown == false && cluster.state.due(on: .w1) == [])
    }

    @Test func `A job is replaced if its manifest says so`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var definition = Self.job
        definition.onLost = .replace
        let id = try run(definition, in: &cluster)
        try cluster.join(.w2)
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.phase.placement?.node == .w2)
    }

    @Test func `A service that fits nowhere else stays, and moves when another node has room`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.status.nodeUnknown == true && cluster.task(id)?.phase.state == .running)
        // The node is back before there was another.
        try cluster.report([], from: .w1)
        #expect(cluster.task(id)?.placements == 1 && cluster.state.due(on: .w1) == [])

        try silence(.w1, in: &cluster)
        try cluster.join(.w2)
        #expect(cluster.task(id)?.phase.placement?.node == .w2)
    }

    @Test func `A task that is stopping waits for its node`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try run(Self.service, in: &cluster)
        try cluster.join(.w2)
        try cluster.stop(id)
        try silence(.w1, in: &cluster)
        #expect(cluster.task(id)?.phase.placement?.node == .w1 && cluster.task(id)?.phase.state == .stopping)
    }

    @Test func `A task with a volume waits for its node, and a network moves with its users`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        let volume = try run(
            TaskDefinition(name: "pg", image: "pg:1", volumes: [VolumeMount(.volume("a"), target: "/a")]), in: &cluster)
        let holder = try run(TaskDefinition(name: .db, image: "vpn:1"), in: &cluster)
        let user = try run(TaskDefinition(name: .web, image: "web:1", network: TaskNetwork(of: .db)), in: &cluster)
        try cluster.join(.w2, runtimes: ["docker"])
        try silence(.w1, in: &cluster)
        #expect(cluster.task(volume)?.phase.placement?.node == .w1)
        #expect(cluster.task(holder)?.phase.placement?.node == .w2)
        #expect(cluster.task(user)?.phase.placement?.node == .w2)
    }

    @Test func `Many lost tasks are tried once for each demand, and the oldest moves first`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, cpu: 4000)
        var ids: [TaskID] = []
        for ordinal in 0..<4 {
            let proposal = cluster.proposal(.web, ordinal: ordinal, cpu: 1000)
            try cluster.schedule(proposal)
            ids.append(proposal.id)
        }
        try cluster.join(.w2, cpu: 2000)
        try silence(.w1, in: &cluster)
        #expect(ids.map { cluster.task($0)?.phase.placement?.node } == [.w2, .w2, .w1, .w1])
        #expect(cluster.state.index.lost.values.map { Array($0).count } == [2])
        #expect(cluster.state.index == ClusterIndex(of: cluster.state.records, overdue: cluster.state.overdue))
    }
}
