import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

@Suite("Tokens that a manager issues")
struct TokenTests {
    private let day: Duration = .seconds(24 * 3600)

    private func request(
        _ name: TokenName = "ci", _ role: TokenRole = .read, secret: String = "secret", lifetime: Duration? = nil
    ) -> TokenRequest {
        TokenRequest(name: name, role: role, digest: .sha256(of: secret), lifetime: lifetime ?? day)
    }

    @discardableResult
    private func issue(
        _ request: TokenRequest, in cluster: inout TestCluster, by author: Author? = nil
    ) throws(APIError) -> (token: TokenInfo, created: Bool) {
        try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.issue(request) }
    }

    private func revoke(_ name: TokenName, in cluster: inout TestCluster) throws(APIError) {
        try cluster.run { (transaction) throws(APIError) in try transaction.revoke(name) }
    }

    private func expectRefusal(_ reason: ErrorReason, _ body: () throws -> Void) {
        let error = #expect(throws: APIError.self) { try body() }
        #expect(error?.reason == reason)
    }

    @Test func `issuing a token twice with one digest changes nothing the second time`() throws {
        var cluster = TestCluster()
        let author = Author(name: "local:write", origin: "127.0.0.1")
        let first = try issue(request(), in: &cluster, by: author)
        #expect(first.created)
        #expect(first.token.createdBy == "local:write" && first.token.createdFrom == "127.0.0.1")
        #expect(first.token.expiresAt == cluster.now + day)
        let revision = cluster.state.revision
        let second = try issue(request(), in: &cluster)
        #expect(!second.created && second.token == first.token)
        #expect(cluster.state.revision == revision && cluster.changes.isEmpty)
    }

    @Test func `a name and a secret belong to one token, and an expired token gives up its name`() throws {
        var cluster = TestCluster()
        try issue(request(), in: &cluster)
        expectRefusal(.conflict) { try issue(request(secret: "other"), in: &cluster) }
        expectRefusal(.conflict) { try issue(request("ci", .write), in: &cluster) }
        expectRefusal(.conflict) { try issue(request("other"), in: &cluster) }
        cluster.now = cluster.now + day
        #expect(try issue(request("ci", .write, secret: "other"), in: &cluster).created)
        #expect(cluster.state.records.tokens["ci"]?.role == .write)
    }

    @Test(arguments: [
        ("admin", Duration.seconds(60), "role"), ("read", .zero, "lifetime"), ("read", .seconds(-1), "lifetime"),
        ("read", .seconds(3651 * 24 * 3600), "lifetime"),
    ])
    func `an unknown role and a lifetime out of range are refused`(role: String, lifetime: Duration, field: String)
        throws
    {
        var cluster = TestCluster()
        let error = #expect(throws: APIError.self) {
            try issue(request("ci", TokenRole(rawValue: role), lifetime: lifetime), in: &cluster)
        }
        #expect(error?.fields.map(\.field) == [field])
        #expect(cluster.state.records.tokens.isEmpty)
    }

    @Test func `only the role write issues tokens, of any role`() {
        let allowed = TokenRole.all.flatMap { own in TokenRole.all.filter(own.mayIssue).map { "\(own) \($0)" } }
        #expect(allowed == ["write read", "write write", "write worker"])
        #expect(!TokenRole(rawValue: "newer").mayIssue(.read) && !TokenRole.write.mayIssue("newer"))
    }

    @Test func `a token never issues one that outlives it`() throws {
        var cluster = TestCluster()
        try issue(request("admin", .write), in: &cluster)
        let author = Author(name: "token:admin", token: "admin")
        cluster.now = cluster.now + .seconds(3600)
        expectRefusal(.forbidden) { try issue(request(secret: "b"), in: &cluster, by: author) }
        try issue(request(secret: "b", lifetime: day - .seconds(3600)), in: &cluster, by: author)
        try revoke("admin", in: &cluster)
        expectRefusal(.forbidden) {
            try issue(request("late", secret: "c", lifetime: .seconds(60)), in: &cluster, by: author)
        }
        try issue(request("reader", .read, secret: "d"), in: &cluster)
        expectRefusal(.forbidden) {
            try issue(
                request("late", secret: "c", lifetime: .seconds(60)), in: &cluster,
                by: Author(name: "token:reader", token: "reader"))
        }
    }

    @Test func `a revoked token is gone, and revoking it again says so`() throws {
        var cluster = TestCluster()
        try issue(request(), in: &cluster)
        try revoke("ci", in: &cluster)
        #expect(cluster.state.records.tokens.isEmpty)
        #expect(cluster.changes.events.map(\.kind) == [.tokenRevoked])
        expectRefusal(.tokenNotFound) { try revoke("ci", in: &cluster) }
    }

    @Test func `a cluster has a maximum number of tokens`() throws {
        var cluster = TestCluster()
        for number in 0..<TokenRecord.limit {
            try issue(request(TokenName(rawValue: "t\(number)")!, secret: "\(number)"), in: &cluster)
        }
        expectRefusal(.tooManyRequests) { try issue(request(), in: &cluster) }
        try revoke("t7", in: &cluster)
        try issue(request(), in: &cluster)
    }

    @Test func `a full store refuses tokens`() {
        let cluster = TestCluster()
        var transaction = ClusterTransaction(cluster.state, at: DurableInstant(wall: cluster.now), isFull: true)
        expectRefusal(.storageFull) { _ = try transaction.issue(request()) }
    }

    @Test func `a wall clock that is set back does not extend the life of a token`() {
        func moment(_ boot: String, uptime: Int, wall: Int) -> DurableInstant {
            DurableInstant(
                boot: boot, uptime: .seconds(uptime), wall: Timestamp(milliseconds: 1_700_000_000_000) + .seconds(wall))
        }
        let token = TokenRecord(
            name: "ci", role: .read, digest: .sha256(of: "s"),
            lifetime: DurableDeadline(.seconds(100), from: moment("a", uptime: 50, wall: 0)), createdBy: "local:write",
            createdFrom: nil)
        #expect(!token.isExpired(at: moment("a", uptime: 149, wall: 1_000_000)))
        #expect(token.isExpired(at: moment("a", uptime: 150, wall: -1_000_000)))
        // After a reboot, the wall clock decides.
        #expect(!token.isExpired(at: moment("b", uptime: 1, wall: 99)))
        #expect(token.isExpired(at: moment("b", uptime: 1, wall: 100)))
    }

    @Test func `the use of a token is recorded at most once an hour, without a new revision`() throws {
        var cluster = TestCluster()
        try issue(request(), in: &cluster)
        let (revision, start) = (cluster.state.revision, cluster.now)
        for (second, recorded) in [(0, 0), (10, 0), (3599, 0), (3600, 3600), (7199, 3600), (7200, 7200)] {
            let uses: [TokenName: Timestamp] = ["ci": start + .seconds(second), "gone": start]
            let isDue = cluster.state.isDue(uses)
            try cluster.run { (transaction) throws(APIError) in transaction.recordUses(uses) }
            #expect(cluster.state.records.tokens["ci"]?.lastUsedAt == start + .seconds(recorded))
            #expect(isDue == (second == recorded) && cluster.changes.tokens.isEmpty == !isDue)
        }
        #expect(cluster.state.revision == revision)
    }

    @Test func `each event names the author of its command, and a report of a worker has none`() throws {
        var cluster = TestCluster()
        let author = Author(name: "token:ci", origin: "10.0.0.7", token: "ci")
        func expectAuthor(_ kinds: [EventKind]) {
            #expect(cluster.changes.events.map(\.kind) == kinds)
            #expect(cluster.changes.events.allSatisfy { $0.actor == "token:ci" && $0.origin == "10.0.0.7" }, "\(kinds)")
        }
        try cluster.join("w1")
        #expect(cluster.changes.events.map(\.kind) == [.nodeJoined])
        #expect(cluster.changes.events.allSatisfy { $0.actor == nil && $0.origin == nil })
        let task = cluster.proposal("web")
        _ = try cluster.run(by: author) { (transaction) throws(APIError) in
            try transaction.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: task))
        }
        expectAuthor([.taskScheduled])
        _ = try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.stop(task.id) }
        expectAuthor([.taskStopping])
        _ = try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.drain("w1") }
        expectAuthor([.nodeDraining])
        let lease = LeaseRequest(holder: "test", source: TestCluster.source)
        let fence = try cluster.run(by: author) { (transaction) throws(APIError) in
            try transaction.lease(.default, lease)
        }.fence
        expectAuthor([.leaseTaken])
        var renewal = lease
        renewal.fence = fence
        renewal.limits = GuardLimits(count: 7)
        _ = try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.lease(.default, renewal) }
        expectAuthor([.limitsChanged])
        renewal.release = true
        _ = try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.lease(.default, renewal) }
        expectAuthor([.leaseReleased])
        try cluster.run(by: author) { (transaction) throws(APIError) in try transaction.forget(.default) }
        expectAuthor([.ownerForgotten])
    }
}
