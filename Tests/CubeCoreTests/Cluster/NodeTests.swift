import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

struct NodeTests {
    /// A cluster with a running task on w1.
    private func running() throws -> (cluster: TestCluster, id: TaskID) {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .running)], from: .w1)
        return (cluster, proposal.id)
    }

    @Test func `a node receives no task before it has listed its tasks, nor while it drains or is silent`() throws {
        var cluster = TestCluster()
        let worker = WorkerInfo(
            name: .w1, version: "1", url: "unix:/w1", runtimes: ["process"], capacity: .zero, bootID: "b",
            incarnation: "1")
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
        #expect(try cluster.schedule(cluster.proposal(.web)).task.reason == .noNode)
        try cluster.report([], from: .w1, isComplete: true)
        #expect(cluster.state.index.states == [.scheduled: 1])
        try cluster.run { (transaction) throws(APIError) in try transaction.cordon(.w1) }
        #expect(try cluster.schedule(cluster.proposal(.db)).task.reason == .noNode)
        try cluster.run { (transaction) throws(APIError) in try transaction.uncordon(.w1) }
        #expect(cluster.state.index.states == [.scheduled: 2])
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(.w1) }
        #expect(try cluster.schedule(cluster.proposal(.db, attempt: 1)).task.reason == .noNode)
    }

    @Test func `a worker of another cluster is refused`() throws {
        var cluster = TestCluster()
        let worker = WorkerInfo(
            name: .w1, version: "1", url: "unix:/w1", runtimes: [], capacity: .zero, bootID: "b",
            cluster: ClusterID(rawValue: TestCluster.otherSource.rawValue), incarnation: "1")
        expectRefusal(.foreignCluster) {
            try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
        }
    }

    @Test(arguments: [true, false])
    func `a task goes to a node that has its image, unless that is switched off`(prefersImages: Bool) throws {
        var cluster = TestCluster(prefersImages: prefersImages)
        try cluster.join(.w1, runtimes: ["docker"], images: ["docker.io/library/other:1"])
        try cluster.join(.w2, runtimes: ["docker"], images: ["docker.io/library/shop:latest"])
        let proposal = cluster.proposal(.web, image: "shop")
        try cluster.schedule(proposal)
        #expect(cluster.task(proposal.id)?.status.node == (prefersImages ? .w2 : .w1))
    }

    @Test func `a worker with other images is registered anew, and not contacted anew`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        let before = try #require(cluster.state.records.nodes[.w1])
        try cluster.join(.w1, runtimes: ["docker"], images: ["docker.io/library/shop:1"])
        let after = try #require(cluster.state.records.nodes[.w1])
        #expect(after.registeredRevision == before.registeredRevision && after.revision > before.revision)
        #expect(after.worker.images.contains("docker.io/library/shop:1") && after.presence == .ready)
        try cluster.join(.w1, runtimes: ["docker", "process"])
        #expect(try #require(cluster.state.records.nodes[.w1]).registeredRevision > after.registeredRevision)
    }

    @Test func `a task that its worker no longer lists is assigned to it again as the same placement`() throws {
        var (cluster, id) = try running()
        #expect(cluster.state.call(for: id, on: .w1) == nil)
        try cluster.report([], from: .w1, isComplete: true)
        guard case .assign(let assignment) = cluster.state.call(for: id, on: .w1) else {
            Issue.record("nothing is assigned")
            return
        }
        #expect(assignment.placement == 1)
        #expect(cluster.task(id)?.phase.state == .scheduled)
    }

    @Test func `a stop is sent until the task is observed stopping, and again if the worker lost it`() throws {
        var (cluster, id) = try running()
        try cluster.stop(id)
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        try cluster.report([cluster.report(id, .stopping)], from: .w1)
        #expect(cluster.state.call(for: id, on: .w1) == nil)
        try cluster.report([], from: .w1, isComplete: true)
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        // A worker without the task records it as stopped, without a run.
        try cluster.report([cluster.report(id, .stopped, run: 0)], from: .w1)
        #expect(cluster.task(id)?.phase.state == .stopped)
    }

    @Test func `an ended task that is alive on a worker is stopped there, and an unknown task is left alone`() throws {
        var (cluster, id) = try running()
        let report = cluster.report(id, .running)
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(.w1) }
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(.w1) }
        #expect(cluster.task(id)?.status.reason == .nodeForgotten)
        try cluster.join(.w1)
        var unknown = report
        unknown.id = cluster.proposal(.db).id
        #expect(try cluster.report([report, unknown], from: .w1, isComplete: true) == [unknown.id])
        #expect(cluster.state.due(on: .w1) == [id])
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        try cluster.report([cluster.report(id, .stopped)], from: .w1)
        #expect(cluster.state.due(on: .w1) == [])
    }

    @Test func `a reachable node with tasks cannot be forgotten`() throws {
        var (cluster, _) = try running()
        expectRefusal(.conflict) {
            try cluster.run { (transaction) throws(APIError) in try transaction.remove(.w1) }
        }
    }

    @Test func `a placement that its worker refuses fails the task`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        try cluster.run { (transaction) throws(APIError) in
            transaction.observeRefusal(proposal.id, placement: 1, on: .w1, message: "no such user")
        }
        #expect(cluster.task(proposal.id)?.status.reason == .rejectedByNode)
        #expect(cluster.task(proposal.id)?.status.message == "no such user")
    }
}
