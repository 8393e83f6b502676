import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// The adoption of tasks by another owner.
struct AdoptionTests {
    private func cluster(attempt: Int = 0) throws -> (cluster: TestCluster, task: TaskID) {
        var cluster = TestCluster()
        try cluster.join(.w1)
        _ = try cluster.takeLease()
        let proposal = cluster.proposal(.web, cpu: 500, ports: [PortSpec(name: "http", host: 80)])
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .running)], from: .w1)
        return (cluster, proposal.id)
    }

    private func adopt(
        _ id: TaskID, _ cluster: inout TestCluster, owner: OwnerName = .default, maxLive: Int = 1
    ) throws(APIError) -> TaskStatus {
        try cluster.run { (transaction) throws(APIError) in
            try transaction.adopt(id, AdoptRequest(owner: owner, maxLive: maxLive))
        }
    }

    @Test func `an adopted task changes its owner and attempt, and its worker receives nothing`() throws {
        var (cluster, id) = try cluster()
        let before = try #require(cluster.task(id))
        let node = cluster.state.index.load(of: .w1)
        let status = try adopt(id, &cluster)
        #expect(status.owner == .default && status.id == id && status.attempt == 0 && status.ready)
        let after = try #require(cluster.task(id))
        #expect(after.phase == before.phase && after.createdRevision == before.createdRevision)
        #expect(after.revision == cluster.state.revision && after.revision > before.revision)
        #expect(cluster.state.due(on: .w1).isEmpty)
        let load = cluster.state.index.load(of: .w1)
        #expect(load.reserved == node.reserved && load.ports == node.ports && load.tasks == node.tasks)
        #expect(cluster.changes.events.map(\.kind) == [.taskAdopted])
        #expect(ClusterIndex(of: cluster.state.records, overdue: cluster.state.overdue) == cluster.state.index)
        // A report of the worker still applies to the task, which ends in its new slot.
        try cluster.report([cluster.report(id, .failed)], from: .w1)
        let slot = SlotKey(owner: .default, name: .web, ordinal: 0)
        #expect(cluster.state.records.slots[slot]?.status.last == .failed)
    }

    @Test func `an adoption consumes an attempt of both slots, so that earlier decisions are refused`() throws {
        var (cluster, id) = try cluster()
        let fence = cluster.state.records.owners[.default]!.fence
        let late = cluster.proposal(.web, owner: .default)
        _ = try adopt(id, &cluster)
        expectRefusal(.staleAttempt) { try cluster.schedule(late, owner: .default, fence: fence) }
        let manual = SlotKey(owner: .manual, name: .web, ordinal: 0)
        #expect(cluster.state.records.slots[manual]?.status.next == 1)
        // Repeating the request returns the task unchanged.
        #expect(
            try cluster.schedule(cluster.proposal(.web, cpu: 500, ports: [PortSpec(name: "http", host: 80)])).created
                == false)
        // The former owner may not stop the task, the new owner may.
        let stop = StopRequest(id: id, name: .web, ordinal: 0, attempt: 0)
        func stopped(by owner: OwnerName) throws -> BatchResult {
            let request = BatchRequest(owner: owner, fence: owner == .manual ? 0 : fence, operations: [.stop(stop)])
            return try cluster.run { (transaction) throws(APIError) in try transaction.batch(request) }.results[0]
        }
        #expect(try stopped(by: .manual).error?.reason == .forbidden)
        #expect(try stopped(by: .default).status == 202)
    }

    @Test func `an adopted task takes the next free slot, within max_live`() throws {
        var (cluster, id) = try cluster()
        let fence = cluster.state.records.owners[.default]!.fence
        try cluster.schedule(cluster.proposal(.web, owner: .default), owner: .default, fence: fence)
        expectRefusal(.maxLive) { try adopt(id, &cluster) }
        #expect(try adopt(id, &cluster, maxLive: 2).ordinal == 1)
        // Repeating the adoption changes nothing.
        let revision = cluster.state.revision
        #expect(try adopt(id, &cluster, maxLive: 1).ordinal == 1)
        #expect(cluster.state.revision == revision && cluster.changes.isEmpty)
    }

    @Test func `the new slot can revert to the healthy definition of an adopted task`() throws {
        var (cluster, id) = try cluster()
        cluster.now = cluster.now + .seconds(5)
        try cluster.run { (transaction) throws(APIError) in transaction.tick() }
        let digest = try adopt(id, &cluster).specDigest
        let slot = cluster.state.records.slots[SlotKey(owner: .default, name: .web, ordinal: 0)]
        #expect(slot?.status.healthyDigest == digest && slot?.status.healthyAttempt == 0)
    }

    @Test func `an adoption from a running reconciler, of an ended task or by an unknown owner is refused`() throws {
        var (cluster, id) = try cluster()
        expectRefusal(.ownerNotFound) { try adopt(id, &cluster, owner: OwnerName(rawValue: "nobody")!) }
        let other = OwnerName(rawValue: "other")!
        _ = try cluster.takeLease(other)
        _ = try adopt(id, &cluster)
        expectRefusal(.leaseHeld) { try adopt(id, &cluster, owner: other) }
        cluster.now = cluster.now + Lease.length
        _ = try adopt(id, &cluster, owner: other)
        try cluster.stop(id)
        cluster.now = cluster.now + Lease.length
        expectRefusal(.conflict) { try adopt(id, &cluster) }
        expectRefusal(.taskNotFound) { try adopt(TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!, &cluster) }
    }

    @Test func `a task that shares a network is not adopted, because its successors would not join it`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        _ = try cluster.takeLease()
        func container(_ name: WorkloadName, _ network: TaskNetwork = .standard) -> TaskProposal {
            cluster.proposal(name, image: "a", network: network)
        }
        let joined = container("joined", TaskNetwork(join: ["front"]))
        let holder = container("holder")
        let user = container("user", TaskNetwork(of: "holder"))
        let alone = container("alone")
        for proposal in [joined, holder, user, alone] { try cluster.schedule(proposal) }
        for proposal in [joined, holder, user] {
            let error = #expect(throws: APIError.self) { try adopt(proposal.id, &cluster) }
            #expect(
                error?.message
                    == "task \(proposal.id) shares a network with other tasks of owner manual, which its successors would not join"
            )
        }
        #expect(try adopt(alone.id, &cluster).owner == .default)
        // Nobody uses the network of the holder any more.
        try cluster.stop(user.id)
        try cluster.report([cluster.report(user.id, .stopped)], from: .w1)
        #expect(try adopt(holder.id, &cluster).owner == .default)
    }

    @Test func `an adopted task that waits for a node keeps its place in the queue`() throws {
        var cluster = TestCluster()
        _ = try cluster.takeLease()
        let first = cluster.proposal(.web)
        try cluster.schedule(first)
        try cluster.schedule(cluster.proposal(.db))
        _ = try adopt(first.id, &cluster)
        #expect(ClusterIndex(of: cluster.state.records, overdue: cluster.state.overdue) == cluster.state.index)
        try cluster.join(.w1)
        #expect(cluster.task(first.id)?.phase.state == .scheduled)
    }
}
