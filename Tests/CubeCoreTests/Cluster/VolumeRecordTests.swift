import CubeErrors
import CubeTypes
import Foundation
import HashTreeCollections
import Testing

@testable import CubeCore

struct VolumeRecordTests {
    private let key = VolumeKey(owner: .manual, name: "pgdata")

    private func cluster() throws -> TestCluster {
        var cluster = TestCluster()
        for node in [NodeName.w1, .w2] { try cluster.join(node, runtimes: ["docker"]) }
        return cluster
    }

    private func proposal(
        _ cluster: TestCluster, _ name: WorkloadName = .db, ordinal: Int = 0, attempt: Int = 0, cpu: Int = 0,
        volumes: [VolumeName] = ["pgdata"]
    ) -> TaskProposal {
        cluster.proposal(
            name, ordinal: ordinal, attempt: attempt, cpu: cpu, image: "postgres:16",
            volumes: volumes.map { VolumeMount(.volume($0), target: "/\($0)") })
    }

    /// Stops a task, and reports that it has stopped.
    private func end(_ id: TaskID, in cluster: inout TestCluster) throws {
        guard let node = cluster.task(id)?.phase.placement?.node else { return }
        try cluster.stop(id)
        try cluster.report([cluster.report(id, .stopped)], from: node)
    }

    private func remove(
        _ key: VolumeKey? = nil, from node: NodeName? = nil, isGone: Bool = false, in cluster: inout TestCluster
    ) throws {
        let key = key ?? self.key
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(key, from: node, isGone: isGone) }
    }

    @Test func `The transaction that places a task binds its volume to the node, where later tasks must run`() throws {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        #expect(cluster.changes.volumes[key]??.node == node)
        #expect(cluster.changes.events.map(\.kind).contains(.volumeCreated))
        // The policy spreads tasks, and the other node is empty.
        for ordinal in 1...3 { try cluster.schedule(proposal(cluster, ordinal: ordinal)) }
        try cluster.schedule(proposal(cluster, .web))
        #expect(cluster.state.index.load(of: node).tasks.count == 5)

        for task in cluster.state.records.tasks.keys { try end(task, in: &cluster) }
        for attempt in 1...5 {
            let next = proposal(cluster, attempt: attempt)
            #expect(try cluster.schedule(next).task.node == node)
            try end(next.id, in: &cluster)
        }
    }

    @Test func `A task waits for the node of its volume, and its message names the node and its state`() throws {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        try end(first.id, in: &cluster)

        try cluster.run { (transaction) throws(APIError) in try transaction.cordon(node) }
        let second = proposal(cluster, attempt: 1)
        let waiting = try cluster.schedule(second).task
        #expect(waiting.state == .pending && waiting.reason == .volumeUnavailable)
        #expect(
            waiting.message
                == "volume pgdata is on node \(node), which is cordoned; the task waits for this node, because only it has the data"
        )
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
        #expect(cluster.task(second.id)?.status.message?.contains("which is silent") == true)
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(node) }
        #expect(cluster.task(second.id)?.status.message?.contains("which is not part of the cluster") == true)
        try cluster.join(node, runtimes: ["docker"])
        #expect(cluster.task(second.id)?.phase.placement?.node == node)
    }

    @Test func `A full node keeps its volume, and the message says why no other node is chosen`() throws {
        var cluster = try cluster()
        let first = proposal(cluster, cpu: 3000)
        let node = try #require(try cluster.schedule(first).task.node)
        let waiting = try cluster.schedule(proposal(cluster, ordinal: 1, cpu: 3000)).task
        #expect(waiting.state == .pending && waiting.reason == .noCapacity)
        #expect(
            waiting.message?.hasPrefix(
                "volume pgdata is on node \(node), which is therefore the only node for the task; the task needs 3 cores"
            )
                == true)
        #expect(try cluster.schedule(proposal(cluster, .web, cpu: 3000, volumes: [])).task.node != node)
    }

    @Test func `A new volume follows the bound ones, and volumes on different nodes are a conflict`() throws {
        var cluster = try cluster()
        let a = try #require(try cluster.schedule(proposal(cluster, .db, volumes: ["a"])).task.node)
        let b = try #require(try cluster.schedule(proposal(cluster, .web, volumes: ["b"])).task.node)
        #expect(a != b)
        let both = try cluster.schedule(proposal(cluster, "both", volumes: ["a", "b"])).task
        #expect(both.reason == .volumeUnavailable)
        #expect(both.message == "volume a is on node \(a) and volume b is on node \(b); no node has both")
        #expect(try cluster.schedule(proposal(cluster, "more", volumes: ["b", "c"])).task.node == b)
        #expect(cluster.state.records.volumes[VolumeKey(owner: .manual, name: "c")]?.node == b)
    }

    @Test func `A volume that a task uses is not removed, and the error names the task`() throws {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        let error = #expect(throws: APIError.self) { try remove(in: &cluster) }
        #expect(error?.message == "volume pgdata is used by task db/0; nothing was removed")
        try cluster.stop(first.id)
        expectRefusal(.conflict) { try remove(in: &cluster) }
        try cluster.report([cluster.report(first.id, .stopped)], from: node)
        let other: NodeName = node == .w1 ? .w2 : .w1
        expectRefusal(.conflict) { try remove(from: other, in: &cluster) }
        expectRefusal(.volumeNotFound) { try remove(VolumeKey(owner: .default, name: "pgdata"), in: &cluster) }
        #expect(cluster.state.dueSubjects(on: node).isEmpty)
        try remove(from: node, in: &cluster)
        #expect(cluster.state.dueSubjects(on: node) == [.volume(key)])
    }

    @Test func `A removal is due until the worker confirms it, and tasks with the volume wait meanwhile`() throws {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        try end(first.id, in: &cluster)
        try remove(in: &cluster)
        try remove(in: &cluster)
        let next = proposal(cluster, attempt: 1)
        #expect(try cluster.schedule(next).task.reason == .volumeUnavailable)
        // A new manager derives the same calls.
        let restored = ClusterState(
            records: cluster.state.records, term: 2, policy: .spread, at: DurableInstant(wall: cluster.now))
        #expect(restored.index == cluster.state.index)
        #expect(restored.call(for: .volume(key), on: node) == .removeVolume(key))

        try cluster.run { $0.observeRemoved(key, on: node == .w1 ? .w2 : .w1) }
        #expect(cluster.state.records.volumes[key]?.isRemoving == true)
        try cluster.run { $0.observeRemoved(key, on: node) }
        #expect(cluster.state.dueSubjects(on: node).filter { $0 == .volume(key) }.isEmpty)
        #expect(cluster.task(next.id)?.phase.state == .scheduled, "It starts with a new volume.")
        try cluster.run { $0.observeRemoved(key, on: node) }
        #expect(cluster.state.records.volumes[key] != nil, "A late confirmation does not concern the new volume.")
    }

    @Test func `A volume of a silent node is not removed, only forgotten after its tasks are`() throws {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        expectRefusal(.conflict) { try remove(isGone: true, in: &cluster) }
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
        expectRefusal(.conflict) { try remove(in: &cluster) }
        expectRefusal(.conflict) { try remove(isGone: true, in: &cluster) }
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(node) }
        let next = proposal(cluster, attempt: 1)
        #expect(try cluster.schedule(next).task.state == .pending)
        expectRefusal(.conflict) { try remove(in: &cluster) }
        try remove(isGone: true, in: &cluster)
        #expect(cluster.task(next.id)?.phase.placement?.node != node)
        #expect(cluster.task(next.id)?.phase.state == .scheduled)
    }

    @Test func `A task with a volume starts only after the end of its slot's former task, which returned`()
        throws
    {
        var cluster = try cluster()
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        var stray = cluster.report(first.id, .running)
        stray.startedAt = cluster.now
        try cluster.report([stray], from: node)
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(node) }

        let next = proposal(cluster, attempt: 1)
        try cluster.schedule(next)
        try cluster.join(node, runtimes: ["docker"])
        try cluster.report([stray], from: node)
        #expect(cluster.task(next.id)?.phase.placement?.node == node)
        #expect(cluster.state.call(for: first.id, on: node) == .stop(first.id, placement: 1))
        #expect(cluster.state.call(for: next.id, on: node) == nil)

        var ended = stray
        ended.state = .stopped
        try cluster.report([ended], from: node)
        guard case .assign(let assignment) = cluster.state.call(for: next.id, on: node) else {
            Issue.record("The task is not assigned.")
            return
        }
        #expect(assignment.id == next.id && assignment.existingVolumes == ["pgdata"])
    }

    @Test func `A node must not create a volume anew after a task with it has run`() throws {
        var cluster = try cluster()
        func existing(_ id: TaskID) -> [VolumeName]? {
            guard let node = cluster.task(id)?.phase.placement?.node,
                case .assign(let assignment)? = cluster.state.call(for: id, on: node)
            else { return nil }
            return assignment.existingVolumes
        }
        let first = proposal(cluster)
        let node = try #require(try cluster.schedule(first).task.node)
        #expect(existing(first.id) == [])
        var report = cluster.report(first.id, .running)
        report.startedAt = cluster.now
        try cluster.report([report], from: node)
        #expect(cluster.changes.volumes[key]??.hasData == true)
        try end(first.id, in: &cluster)
        let second = proposal(cluster, attempt: 1)
        try cluster.schedule(second)
        #expect(existing(second.id) == ["pgdata"])
    }

    @Test func `A task with a named volume is not adopted, because the new owner has another volume`() throws {
        var cluster = try cluster()
        _ = try cluster.takeLease()
        let task = proposal(cluster)
        try cluster.schedule(task)
        expectRefusal(.conflict) {
            try cluster.run { (transaction) throws(APIError) in
                try transaction.adopt(task.id, AdoptRequest(owner: .default, maxLive: 1))
            }
        }
    }

    @Test func `A volume is listed with the tasks that use it`() throws {
        var cluster = try cluster()
        try cluster.schedule(proposal(cluster, ordinal: 1))
        try cluster.schedule(proposal(cluster))
        let info = cluster.state.info(of: try #require(cluster.state.records.volumes[key]), message: "busy")
        #expect(info.tasks.map(\.ordinal) == [0, 1] && info.tasks.allSatisfy { $0.name == .db })
        #expect(info.state == .ready && info.message == nil && info.createdAt == cluster.now)
    }

    // MARK: After a restore

    /// A cluster whose manager has started with a backup, in which both nodes are known.
    private func restoredCluster() throws -> TestCluster {
        var cluster = try cluster()
        var records = cluster.state.records
        records.counters.recover(at: DurableInstant(wall: cluster.now))
        cluster.state = ClusterState(
            records: records, term: 2, policy: .spread, at: DurableInstant(wall: cluster.now))
        return cluster
    }

    @Test func `A manager that finds out late that its store is old keeps what its nodes have listed`() throws {
        var cluster = try cluster()
        try cluster.run { (transaction) throws(APIError) in transaction.raiseTerm(above: 5) }
        let task = try cluster.schedule(proposal(cluster)).task
        #expect(task.state == .pending)
        // No node lists its volumes a second time.
        try tick(&cluster, after: .seconds(60))
        #expect(cluster.task(task.id)?.phase.state == .scheduled)
    }

    private func tick(_ cluster: inout TestCluster, after duration: Duration) throws {
        cluster.now = cluster.now + duration
        guard cluster.state.isDue(at: DurableInstant(wall: cluster.now)) else { return }
        try cluster.run { (transaction) throws(APIError) in transaction.tick() }
    }

    @Test func `A volume that is newer than a restored backup is found, and its task starts nowhere else`()
        throws
    {
        var cluster = try restoredCluster()
        try cluster.report([], from: .w1, isComplete: true)
        let task = try cluster.schedule(proposal(cluster)).task
        #expect(task.state == .pending && task.reason == .volumeUnavailable)
        #expect(
            task.message
                == "the manager's store was restored from a backup, and volume pgdata may be on node w2, which has not "
                + "listed its volumes since; the task waits until this node has done so or is forgotten")
        // Other tasks do not wait.
        #expect(try cluster.schedule(proposal(cluster, .web, volumes: [])).task.node == .w1)

        try tick(&cluster, after: .seconds(3600))
        #expect(cluster.task(task.id)?.phase.state == .pending)
        try cluster.report([], from: .w2, isComplete: true, volumes: [key])
        #expect(cluster.changes.events.map(\.kind).contains(.volumeFound))
        #expect(cluster.task(task.id)?.phase.placement?.node == .w2)
        #expect(cluster.state.records.volumes[key]?.hasData == true)
    }

    @Test func `After a restore, a volume is new when all nodes have listed theirs and others could join`()
        throws
    {
        var cluster = try restoredCluster()
        for node in [NodeName.w1, .w2] { try cluster.report([], from: node, isComplete: true) }
        let task = try cluster.schedule(proposal(cluster)).task
        #expect(
            task.message
                == "the manager's store was restored from a backup, and volume pgdata may be on a node that joined after "
                + "the backup; the task waits up to 1m for such nodes")
        try tick(&cluster, after: .seconds(59))
        #expect(cluster.task(task.id)?.phase.state == .pending)
        try tick(&cluster, after: .seconds(1))
        #expect(cluster.task(task.id)?.phase.state == .scheduled)
        #expect(cluster.state.records.counters.restoredAt == nil)
        #expect(!cluster.state.isDue(at: DurableInstant(wall: cluster.now)))
    }

    @Test func `After a restore, tasks wait for a node with an unreadable list, until it is forgotten`()
        throws
    {
        var cluster = try restoredCluster()
        try cluster.report([], from: .w1, isComplete: true)
        let unreadable = WorkerTaskList(complete: true, incarnation: "1", sequence: 1, tasks: [])
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.observe(unreadable, from: .w2) }
        let task = try cluster.schedule(proposal(cluster)).task
        try tick(&cluster, after: .seconds(60))
        #expect(cluster.task(task.id)?.phase.state == .pending)
        try cluster.run { (transaction) throws(APIError) in try transaction.remove(.w2) }
        try tick(&cluster, after: .seconds(1))
        #expect(cluster.task(task.id)?.phase.placement?.node == .w1)
    }

    @Test func `A volume that has a record stays on its node, whatever other nodes list`() throws {
        var cluster = try cluster()
        let node = try #require(try cluster.schedule(proposal(cluster)).task.node)
        let other: NodeName = node == .w1 ? .w2 : .w1
        let revision = cluster.state.revision
        try cluster.report([], from: other, isComplete: true, volumes: [key])
        #expect(cluster.state.records.volumes[key]?.node == node && cluster.state.revision == revision)
    }

    @Test func `The name of an engine's volume says which volume of the worker it is`() {
        let volume = NodeVolume("a-b", of: "c", cluster: TestCluster.cluster, worker: .w1)
        func key(_ name: String, worker: NodeName = .w1) -> VolumeKey? {
            NodeVolume(named: name, cluster: TestCluster.cluster, worker: worker)?.key
        }
        #expect(key(volume.name) == VolumeKey(owner: "c", name: "a-b"))
        #expect(key(volume.name, worker: .w2) == nil)
        for name in ["", "_", "cube_c_a-b", "cube__a-b_0", volume.name + "_", "x" + volume.name] {
            #expect(key(name) == nil, "\(name)")
        }
    }

    @Test func `The volumes of two clusters, workers or owners on one engine have different names`() {
        let other = ClusterID(rawValue: "22222222-2222-4222-8222-222222222222")!
        let volumes = [
            NodeVolume("a", of: "b", cluster: TestCluster.cluster, worker: .w1),
            NodeVolume("a", of: "b", cluster: TestCluster.cluster, worker: .w2),
            NodeVolume("a", of: "b", cluster: other, worker: .w1),
            NodeVolume("c-a", of: "b", cluster: other, worker: .w1),
            NodeVolume("a", of: "b-c", cluster: other, worker: .w1),
        ]
        #expect(Set(volumes.map(\.name)).count == volumes.count)
        #expect(volumes[0].name.hasPrefix("cube_b_a_"))
    }
}
