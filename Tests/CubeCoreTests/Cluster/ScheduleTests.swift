import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

struct ScheduleTests {
    @Test func `scheduling a known id returns the stored task and changes nothing`() throws {
        var cluster = TestCluster()
        let proposal = cluster.proposal(.web)
        #expect(try cluster.schedule(proposal).created)
        let revision = cluster.state.revision
        #expect(try !cluster.schedule(proposal).created)
        #expect(cluster.state.revision == revision)
        #expect(cluster.changes.isEmpty)
    }

    @Test func `only the next attempt of a slot is accepted, and attempts outlive their tasks`() throws {
        var cluster = TestCluster()
        try cluster.schedule(cluster.proposal(.web, attempt: 0))
        for attempt in [0, 2] {
            let other = cluster.proposal(.web, attempt: attempt, cpu: 1)
            expectRefusal(.staleAttempt) { try cluster.schedule(other) }
        }
        try cluster.schedule(cluster.proposal(.web, attempt: 1))
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.next == 2)
    }

    @Test func `an id that is not derived from its slot, attempt and digest is refused`() throws {
        var cluster = TestCluster()
        var proposal = cluster.proposal(.web)
        proposal.attempt = 1
        expectRefusal(.validationFailed) { try cluster.schedule(proposal) }
        expectRefusal(.validationFailed) {
            try cluster.schedule(cluster.proposal(.web, ordinal: 10_000))
        }
    }

    @Test func `a name never has more live tasks than max_live, including stopping ones`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let first = cluster.proposal(.web)
        try cluster.schedule(first, maxLive: 1)
        try cluster.report([cluster.report(first.id, .running)], from: .w1)
        let next = cluster.proposal(.web, attempt: 1, cpu: 1)
        expectRefusal(.maxLive) { try cluster.schedule(next, maxLive: 1) }
        try cluster.stop(first.id)
        expectRefusal(.maxLive) { try cluster.schedule(next, maxLive: 1) }
        try cluster.report([cluster.report(first.id, .stopped)], from: .w1)
        #expect(try cluster.schedule(next, maxLive: 1).created)
    }

    @Test
    func
        `Two tasks of a slot live side by side where max_live lets them, and the end of the old one says nothing of the new`()
        throws
    {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let first = cluster.proposal(.web)
        let second = cluster.proposal(.web, attempt: 1, cpu: 1)
        try cluster.schedule(first, maxLive: 1)
        try cluster.report([cluster.report(first.id, .running)], from: .w1)
        #expect(try cluster.schedule(second, maxLive: 2).created)
        try cluster.report([cluster.report(second.id, .running)], from: .w1)
        try cluster.stop(first.id)
        try cluster.report([cluster.report(first.id, .stopped)], from: .w1)
        #expect(cluster.task(second.id)?.phase.state == .running)
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.last == nil)
    }

    @Test func `a slot records a rejected digest until another definition is accepted`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let bad = cluster.proposal(.web)
        try cluster.schedule(bad)
        let stop = StopRequest(id: bad.id, name: .web, ordinal: 0, attempt: 0, rejects: bad.specDigest)
        _ = try cluster.batch([.stop(stop)])
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.rejected == [bad.specDigest])
        var former = cluster.proposal(.web, attempt: 1, cpu: 1)
        former.rejects = bad.specDigest
        try cluster.schedule(former)
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.rejected == [bad.specDigest])
        try cluster.schedule(cluster.proposal(.web, attempt: 2, cpu: 2))
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.rejected == [])
    }

    @Test func `a stop that overtakes its schedule consumes the attempt, and the id never runs`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        let stop = StopRequest(id: proposal.id, name: .web, ordinal: 0, attempt: 0)
        let answer = try cluster.batch([.stop(stop)])
        #expect(answer.results.map(\.status) == [202])
        #expect(answer.results[0].task?.state == .stopped)
        let late = try cluster.schedule(proposal)
        #expect(!late.created && late.task.state == .stopped)
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.next == 1)
        let unknown = StopRequest(
            id: cluster.proposal(.web, attempt: 5).id, name: .web, ordinal: 0, attempt: 5)
        #expect(try cluster.batch([.stop(unknown)]).results[0].error?.reason == .staleAttempt)
    }

    @Test func `a stop is idempotent and keeps the capacity reserved until the task has ended`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, cpu: 1000)
        let first = cluster.proposal(.web, cpu: 1000)
        let second = cluster.proposal(.db, cpu: 1000)
        try cluster.schedule(first)
        try cluster.schedule(second)
        #expect(cluster.task(second.id)?.status.reason == .noCapacity)
        try cluster.report([cluster.report(first.id, .running)], from: .w1)
        try cluster.stop(first.id)
        let stopping = cluster.state.revision
        try cluster.stop(first.id)
        #expect(cluster.state.revision == stopping)
        #expect(cluster.task(second.id)?.phase.state == .pending)
        try cluster.report([cluster.report(first.id, .stopped)], from: .w1)
        #expect(cluster.task(second.id)?.phase.state == .scheduled)
    }

    @Test func `pending tasks are placed, oldest first, when a node joins`() throws {
        var cluster = TestCluster()
        let proposals = (0..<3).map { cluster.proposal(.web, ordinal: $0, cpu: 2000) }
        for proposal in proposals { try cluster.schedule(proposal) }
        #expect(proposals.allSatisfy { cluster.task($0.id)?.status.reason == .noNode })
        try cluster.join(.w1, cpu: 4000)
        #expect(proposals.map { cluster.task($0.id)?.phase.state } == [.scheduled, .scheduled, .pending])
        #expect(cluster.task(proposals[2].id)?.status.reason == .noCapacity)
    }

    @Test func `settings change in place from the expected digest, and nothing else changes`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .running)], from: .w1)
        var definition = proposal.definition
        definition.labels = ["team": "shop"]
        let update = SettingsUpdate(
            id: proposal.id, from: proposal.settingsDigest, to: definition.settingsDigest, definition: definition)
        #expect(try cluster.batch([.update(update)]).results[0].status == 200)
        #expect(cluster.state.call(for: proposal.id, on: .w1) != nil)
        #expect(try cluster.batch([.update(update)]).results[0].status == 200)
        #expect(cluster.changes.isEmpty)
        var stale = update
        stale.to = proposal.specDigest
        #expect(try cluster.batch([.update(stale)]).results[0].error?.reason == .staleSettings)
        var other = update
        other.from = definition.settingsDigest
        other.to = proposal.specDigest
        other.definition.command = ["false"]
        #expect(try cluster.batch([.update(other)]).results[0].error?.reason == .validationFailed)
        try cluster.report([cluster.report(proposal.id, .running, run: 1)], from: .w1)
        #expect(cluster.state.call(for: proposal.id, on: .w1) == nil)
    }

    @Test func `a digest is healthy after its task was ready for five seconds`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .running)], from: .w1)
        cluster.now = cluster.now + .milliseconds(4999)
        #expect(cluster.state.untilDue(at: DurableInstant(wall: cluster.now)) == .milliseconds(1))
        cluster.now = cluster.now + .milliseconds(1)
        #expect(cluster.state.isDue(at: DurableInstant(wall: cluster.now)))
        try cluster.run { (transaction) throws(APIError) in transaction.tick() }
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.healthyDigest == proposal.specDigest)
        #expect(cluster.state.untilDue(at: DurableInstant(wall: cluster.now)) == nil)
    }

    @Test(arguments: [0, 1000, 15_000])
    func `a digest is healthy after its task was ready for as long as its manifest says`(milliseconds: Int) throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var proposal = cluster.proposal(.web)
        proposal.minHealthy = .milliseconds(milliseconds)
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .running)], from: .w1)
        #expect(cluster.state.untilDue(at: DurableInstant(wall: cluster.now)) == .milliseconds(milliseconds))
        // A run that ends earlier proves nothing.
        try cluster.report([cluster.report(proposal.id, .running, run: 2, ready: false)], from: .w1)
        #expect(cluster.state.untilDue(at: DurableInstant(wall: cluster.now)) == nil)
        try cluster.report([cluster.report(proposal.id, .running, run: 2)], from: .w1)
        cluster.now = cluster.now + .milliseconds(milliseconds)
        try cluster.run { (transaction) throws(APIError) in transaction.tick() }
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.healthyDigest == proposal.specDigest)
    }

    @Test func `ended tasks are deleted after a day, except the last ten of a slot; the slot stays`() throws {
        var cluster = TestCluster()
        for attempt in 0..<13 {
            let proposal = cluster.proposal(.web, attempt: attempt)
            try cluster.schedule(proposal)
            try cluster.stop(proposal.id)
        }
        cluster.now = cluster.now + .seconds(24 * 3600 - 1)
        try cluster.run { (transaction) throws(APIError) in transaction.sweep() }
        #expect(cluster.state.records.tasks.count == 13)
        cluster.now = cluster.now + .seconds(1)
        try cluster.run { (transaction) throws(APIError) in transaction.sweep() }
        #expect(cluster.state.records.tasks.values.map(\.attempt).sorted() == Array(3..<13))
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.next == 13)
    }

    @Test func `the last healthy task is kept, however old, because a rollout may revert to its definition`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        for attempt in 0..<13 {
            let proposal = cluster.proposal(.web, attempt: attempt, cpu: attempt)
            try cluster.schedule(proposal)
            try cluster.report([cluster.report(proposal.id, .running, ready: attempt == 1)], from: .w1)
            cluster.now = cluster.now + .seconds(5)
            try cluster.run { (transaction) throws(APIError) in transaction.tick() }
            try cluster.report([cluster.report(proposal.id, .failed)], from: .w1)
        }
        #expect(cluster.state.records.slots[cluster.slot(.web)]?.status.healthyAttempt == 1)
        cluster.now = cluster.now + .seconds(24 * 3600)
        try cluster.run { (transaction) throws(APIError) in transaction.sweep() }
        #expect(cluster.state.records.tasks.values.map(\.attempt).sorted() == [1] + Array(3..<13))
    }

    @Test func `a completed job is remembered by its digest`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web, kind: .job)
        try cluster.schedule(proposal)
        try cluster.report([cluster.report(proposal.id, .completed)], from: .w1)
        let slot = cluster.state.records.slots[cluster.slot(.web)]?.status
        #expect(slot?.completed == [proposal.specDigest])
        #expect(slot?.last == .completed)
        #expect(slot?.endedRevision == cluster.task(proposal.id)?.revision)
    }
}

extension TestCluster {
    func slot(_ name: WorkloadName, owner: OwnerName = .manual) -> SlotKey {
        SlotKey(owner: owner, name: name, ordinal: 0)
    }

    mutating func batch(
        _ operations: [BatchOperation], owner: OwnerName = .manual, fence: Int = 0, pass: Int = 0
    ) throws(APIError) -> BatchAnswer {
        let request = BatchRequest(owner: owner, fence: fence, pass: pass, operations: operations)
        return try run { (transaction) throws(APIError) in try transaction.batch(request) }
    }
}
