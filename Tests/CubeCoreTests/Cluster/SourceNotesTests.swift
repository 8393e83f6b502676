import CubeErrors
import CubeTypes
import Foundation
import HashTreeCollections
import Testing

@testable import CubeCore

/// The notes of an owner's source, as the manager applies them.
struct SourceNotesTests {
    private func world() throws -> (cluster: TestCluster, fence: Int, task: TaskProposal) {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let fence = try cluster.takeLease()
        let task = cluster.proposal(.web, owner: .default)
        try cluster.schedule(task, owner: .default, fence: fence)
        return (cluster, fence, task)
    }

    private func tell(_ notes: SourceNotes, _ cluster: inout TestCluster, _ fence: Int) throws {
        _ = try cluster.run { (transaction) throws(APIError) in
            try transaction.batch(BatchRequest(owner: .default, fence: fence, notes: notes, operations: []))
        }
    }

    @Test func `a declaration changes the source and prune setting of a task, and nothing that runs`() throws {
        var (cluster, fence, task) = try world()
        let before = cluster.task(task.id)
        let note = Declaration(id: task.id, source: "b.json", prune: false, dependencies: [.db])
        try tell(SourceNotes(declared: [note]), &cluster, fence)
        let after = try #require(cluster.task(task.id)?.status)
        #expect(after.source == "b.json" && after.prune == false && after.dependencies == [.db])
        #expect(after.declaredRevision == cluster.state.revision && after.settingsDigest == before?.settingsDigest)
        #expect(cluster.changes.events.isEmpty)
        // Repeating the notes changes nothing.
        try tell(SourceNotes(declared: [note]), &cluster, fence)
        #expect(cluster.changes.tasks.isEmpty && cluster.state.revision == after.revision)
    }

    @Test func `a declaration changes how long a task must be ready for its digest to count as healthy`() throws {
        var (cluster, fence, task) = try world()
        try cluster.report([cluster.report(task.id, .running)], from: .w1)
        let note = Declaration(id: task.id, source: nil, prune: true, dependencies: [], minHealthy: .seconds(60))
        try tell(SourceNotes(declared: [note]), &cluster, fence)
        #expect(cluster.task(task.id)?.status.minHealthy == .seconds(60))
        for (seconds, digest) in [(59, nil), (1, task.specDigest)] {
            cluster.now = cluster.now + .seconds(seconds)
            try cluster.run { (transaction) throws(APIError) in transaction.tick() }
            let slot = SlotKey(owner: .default, name: .web, ordinal: 0)
            #expect(cluster.state.records.slots[slot]?.status.healthyDigest == digest)
        }
    }

    @Test func `a declaration of a stopping, foreign or unknown task is ignored`() throws {
        var (cluster, fence, task) = try world()
        let foreign = cluster.proposal(.db)
        try cluster.schedule(foreign)
        try cluster.stop(task.id)
        let unknown = cluster.proposal(.db, attempt: 7)
        let notes = SourceNotes(
            declared: [task, foreign, unknown].map {
                Declaration(id: $0.id, source: "x", prune: false, dependencies: [])
            })
        try tell(notes, &cluster, fence)
        #expect(cluster.changes.tasks.isEmpty)
    }

    @Test func `a task that is adopted, or was stored by an older version, counts as not declared`() throws {
        var (cluster, _, task) = try world()
        let manual = cluster.proposal(.db)
        try cluster.schedule(manual)
        let adopted = try cluster.run { (transaction) throws(APIError) in
            try transaction.adopt(manual.id, AdoptRequest(owner: .default, maxLive: 1))
        }
        #expect(adopted.declaredRevision == nil && adopted.prune == nil)
        var stored = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(cluster.task(task.id))) as? [String: Any])
        #expect(stored.removeValue(forKey: "declaration") != nil)
        let old = try JSONDecoder().decode(
            TaskRecord.self, from: JSONSerialization.data(withJSONObject: stored))
        #expect(old.status.declaredRevision == nil)
    }

    @Test func `a slot is withdrawn only if its name has no live task`() throws {
        var (cluster, fence, task) = try world()
        let notes = SourceNotes(withdrawn: [
            WithdrawnSlot(name: .web, ordinal: 0), WithdrawnSlot(name: .db, ordinal: 0),
        ])
        try tell(notes, &cluster, fence)
        #expect(cluster.changes.slots.isEmpty)
        try cluster.report([cluster.report(task.id, .failed)], from: .w1)
        try tell(notes, &cluster, fence)
        let slot = try #require(cluster.state.records.slots.values.first { $0.slot.name == .web }?.status)
        #expect(slot.withdrawnRevision == cluster.state.revision && !slot.endCounts)
        try tell(notes, &cluster, fence)
        #expect(cluster.changes.slots.isEmpty)
    }

    @Test func `after a claim, earlier declarations belong to another source, and the root is forgotten`() throws {
        var (cluster, fence, task) = try world()
        let root = SourceRoot(directory: "1:2", mounts: ["a"])
        try tell(SourceNotes(root: root), &cluster, fence)
        #expect(cluster.state.records.owners[.default]?.root == root)
        let status = try cluster.run { (transaction) throws(APIError) in
            try transaction.direct(.default, Directive(verb: .claim, subject: TestCluster.otherSource.rawValue))
        }
        #expect(status.root == nil && status.claimedRevision == cluster.state.revision)
        let declared = try #require(cluster.task(task.id)?.status.declaredRevision)
        #expect(declared < status.claimedRevision)
    }

    @Test func `notes require the lease and are limited`() throws {
        var (cluster, fence, task) = try world()
        let note = Declaration(id: task.id, source: "b.json", prune: true, dependencies: [])
        expectRefusal(.leaseRequired) { try tell(SourceNotes(declared: [note]), &cluster, fence + 1) }
        let many = Array(repeating: note, count: BatchRequest.maximum + 1)
        expectRefusal(.validationFailed) { try tell(SourceNotes(declared: many), &cluster, fence) }
        let long = SourceRoot(directory: String(repeating: "x", count: TextBounds.address + 1))
        expectRefusal(.validationFailed) { try tell(SourceNotes(root: long), &cluster, fence) }
    }

    @Test func `on a full disk, notes wait and stops continue`() throws {
        let (cluster, fence, task) = try world()
        var transaction = ClusterTransaction(cluster.state, at: DurableInstant(wall: cluster.now), isFull: true)
        let stop = StopRequest(id: task.id, name: .web, ordinal: 0, attempt: 0)
        let note = Declaration(id: task.id, source: "b.json", prune: false, dependencies: [])
        let answer = try transaction.batch(
            BatchRequest(
                owner: .default, fence: fence, notes: SourceNotes(declared: [note]), operations: [.stop(stop)]))
        #expect(answer.results.map(\.status) == [202])
        #expect(transaction.state.records.tasks[task.id]?.source == nil)
    }
}
