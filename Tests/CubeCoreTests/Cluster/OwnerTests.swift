import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

struct OwnerTests {
    private func lease(
        _ cluster: inout TestCluster, fence: Int?, source: SourceID = TestCluster.source, holds: [Hold] = [],
        release: Bool = false
    ) throws(APIError) -> OwnerStatus {
        let request = LeaseRequest(holder: "test", source: source, fence: fence, holds: holds, release: release)
        return try cluster.run { (transaction) throws(APIError) in try transaction.lease(.default, request) }
    }

    private func direct(
        _ cluster: inout TestCluster, _ verb: Directive.Verb, _ subject: String
    ) throws(APIError) -> OwnerStatus {
        let directive = Directive(verb: verb, subject: subject)
        return try cluster.run { (transaction) throws(APIError) in try transaction.direct(.default, directive) }
    }

    private let hold = Hold(
        digest: Digest(rawValue: "sha256:abc" + String(repeating: "0", count: 61))!, guardName: "guard_window",
        changes: [HeldChange(verb: "prune", name: .web, ordinal: 0, from: nil, to: nil)])

    @Test
    func `a second reconciler of a source waits for the end of the lease, unless the first is known to have ended`()
        throws
    {
        var cluster = TestCluster()
        func take(succeeding fence: Int? = nil) throws(APIError) -> Int {
            let request = LeaseRequest(holder: "second", source: TestCluster.source, succeeds: fence)
            return try cluster.run { (transaction) throws(APIError) in try transaction.lease(.default, request) }.fence
        }
        let first = try take()
        expectRefusal(.leaseHeld) { try take() }
        expectRefusal(.leaseHeld) { try take(succeeding: first - 1) }
        let second = try take(succeeding: first)
        #expect(second > first)
        expectRefusal(.staleFence) { try lease(&cluster, fence: first) }
        cluster.now = cluster.now + .milliseconds(14_999)
        expectRefusal(.leaseHeld) { try take() }
        cluster.now = cluster.now + .milliseconds(1)
        #expect(try take() > second)
        _ = try lease(&cluster, fence: second + 1, release: true)
        #expect(try take() > second + 1)
        expectRefusal(.ownerTaken) { try cluster.takeLease(source: TestCluster.otherSource) }
    }

    @Test func `a lease request with the same id returns the same lease, until another holder has it`() throws {
        var cluster = TestCluster()
        func take(_ id: String?) throws(APIError) -> Int {
            let request = LeaseRequest(holder: "test", source: TestCluster.source, id: id)
            return try cluster.run { (transaction) throws(APIError) in try transaction.lease(.default, request) }.fence
        }
        let fence = try take("a")
        cluster.now = cluster.now + .seconds(10)
        #expect(try take("a") == fence)
        #expect(cluster.changes.isEmpty)
        cluster.now = cluster.now + .seconds(14)
        expectRefusal(.leaseHeld) { try take("b") }
        expectRefusal(.leaseHeld) { try take(nil) }
        cluster.now = cluster.now + .seconds(1)
        let other = try take("b")
        #expect(other > fence)
        expectRefusal(.leaseHeld) { try take("a") }
        expectRefusal(.validationFailed) { try take(String(repeating: "a", count: 65)) }
    }

    @Test func `a renewal stores nothing and lasts fifteen seconds`() throws {
        var cluster = TestCluster()
        let fence = try cluster.takeLease()
        cluster.now = cluster.now + .seconds(10)
        let status = try lease(&cluster, fence: fence, holds: [hold])
        #expect(cluster.changes.isEmpty)
        #expect(status.lease?.expiresAt == cluster.now + .seconds(15))
        #expect(cluster.state.records.owners[.default].map { cluster.state.status(of: $0).holds } == [hold])
    }

    @Test func `a write requires the fence of the live lease, and no lower pass than the highest`() throws {
        var cluster = TestCluster()
        let proposal = cluster.proposal(.web, owner: .default)
        expectRefusal(.leaseRequired) { try cluster.schedule(proposal, owner: .default, fence: 1) }
        let old = try cluster.takeLease()
        let fence = try cluster.takeLease()
        expectRefusal(.staleFence) { try cluster.schedule(proposal, owner: .default, fence: old) }
        expectRefusal(.leaseRequired) { try cluster.schedule(proposal, owner: .default, fence: fence + 1) }
        try cluster.schedule(proposal, owner: .default, fence: fence, pass: 2)
        let next = cluster.proposal(.web, attempt: 1, owner: .default)
        expectRefusal(.staleFence) { try cluster.schedule(next, owner: .default, fence: fence, pass: 1) }
        cluster.now = cluster.now + .seconds(15)
        expectRefusal(.leaseRequired) { try cluster.schedule(next, owner: .default, fence: fence, pass: 2) }
        _ = try lease(&cluster, fence: fence)
        try cluster.schedule(next, owner: .default, fence: fence, pass: 2)
    }

    @Test func `a restarted manager counts each lease in full from its start`() throws {
        var cluster = TestCluster()
        let fence = try cluster.takeLease()
        cluster.now = cluster.now + .seconds(60)
        cluster.state = ClusterState(
            records: cluster.state.records, term: 2, policy: .spread, at: DurableInstant(wall: cluster.now))
        cluster.now = cluster.now + .milliseconds(14_999)
        try cluster.schedule(cluster.proposal(.web, owner: .default), owner: .default, fence: fence)
    }

    @Test func `nobody can stop or change the tasks of another owner`() throws {
        var cluster = TestCluster()
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        let fence = try cluster.takeLease()
        let stop = StopRequest(id: proposal.id, name: .web, ordinal: 0, attempt: 0)
        let answer = try cluster.batch([.stop(stop)], owner: .default, fence: fence)
        #expect(answer.results[0].error?.reason == .forbidden)
        #expect(cluster.task(proposal.id)?.phase.state == .pending)
    }

    @Test func `an approval copies the hold with its digest or prefix, and lasts an hour`() throws {
        var cluster = TestCluster()
        let fence = try cluster.takeLease()
        expectRefusal(.holdNotFound) { try direct(&cluster, .approve, "abc") }
        _ = try lease(&cluster, fence: fence, holds: [hold])
        expectRefusal(.holdNotFound) { try direct(&cluster, .approve, "abd") }
        let kept = try direct(&cluster, .approve, "abc").directives
        #expect(kept.map(\.approves) == [hold])
        #expect(kept.map(\.subject) == [hold.digest.rawValue])
        #expect(kept.map(\.revision) == [cluster.state.revision])
        cluster.now = cluster.now + .seconds(3600)
        #expect(cluster.state.isDue(at: DurableInstant(wall: cluster.now)))
        try cluster.run { (transaction) throws(APIError) in transaction.tick() }
        #expect(cluster.state.records.owners[.default]?.directives == [])
    }

    @Test func `a directive replaces the one of the same name, resume removes suspend, and invalid names are refused`()
        throws
    {
        var cluster = TestCluster()
        _ = try cluster.takeLease()
        _ = try direct(&cluster, .retry, "web")
        let again = try direct(&cluster, .retry, "web").directives
        #expect(again.map(\.name) == ["retry-web"] && again[0].revision == cluster.state.revision)
        #expect(try direct(&cluster, .suspend, "web").directives.map(\.name) == ["retry-web", "suspend-web"])
        #expect(try direct(&cluster, .resume, "web").directives.map(\.name) == ["retry-web"])
        expectRefusal(.validationFailed) { try direct(&cluster, .restart, "Not a name") }
        expectRefusal(.validationFailed) { try direct(&cluster, "explode", "web") }
    }

    @Test func `a directive that expires after more than ten years is refused`() throws {
        var cluster = TestCluster()
        _ = try cluster.takeLease()
        func suspend(for length: Duration) throws(APIError) -> OwnerStatus {
            let directive = Directive(verb: .suspend, subject: "web", expiresAt: cluster.now + length)
            return try cluster.run { (transaction) throws(APIError) in try transaction.direct(.default, directive) }
        }
        let error = #expect(throws: APIError.self) {
            _ = try suspend(for: Directive.longestLifetime + .milliseconds(1))
        }
        #expect(error?.fields.map(\.field) == ["expires_at"])
        #expect(error?.message.contains("must be at most 87600h from now") == true)
        #expect(cluster.state.records.owners[.default]?.directives == [])
        let longest = try suspend(for: Directive.longestLifetime)
        #expect(longest.directives.map(\.expiresAt) == [cluster.now + Directive.longestLifetime])
    }

    @Test func `a claim binds the owner to another source and ends the lease`() throws {
        var cluster = TestCluster()
        let fence = try cluster.takeLease()
        _ = try direct(&cluster, .claim, TestCluster.otherSource.rawValue)
        expectRefusal(.ownerTaken) { try lease(&cluster, fence: fence) }
        #expect(try cluster.takeLease(source: TestCluster.otherSource) > fence)
    }

    @Test func `an owner in use cannot be forgotten; a forgotten owner loses its slots, and its fences never decrease`()
        throws
    {
        var cluster = TestCluster()
        let fence = try cluster.takeLease()
        let proposal = cluster.proposal(.web, owner: .default)
        try cluster.schedule(proposal, owner: .default, fence: fence)
        func forget() throws(APIError) {
            try cluster.run { (transaction) throws(APIError) in try transaction.forget(.default) }
        }
        expectRefusal(.leaseHeld) { try forget() }
        _ = try lease(&cluster, fence: fence, release: true)
        expectRefusal(.conflict) { try forget() }
        try cluster.stop(proposal.id)
        try forget()
        #expect(cluster.state.records.slots.isEmpty && cluster.state.records.tasks.isEmpty)
        expectRefusal(.ownerNotFound) { try forget() }
        #expect(try cluster.takeLease() > fence)
    }
}
