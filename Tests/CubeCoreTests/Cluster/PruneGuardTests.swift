import CubeErrors
import CubeTypes
import Foundation
import HashTreeCollections
import Testing

@testable import CubeCore

/// The guard window in the manager's transaction, which applies to every request of a reconciler.
struct PruneGuardTests {
    /// An owner with one task of each of these names, and its lease.
    private struct World {
        var cluster = TestCluster()
        var fence = 0
        private(set) var tasks: [TaskProposal] = []

        init(_ names: Int, digestKey: DigestKey? = nil) throws {
            cluster.state = ClusterState(
                records: cluster.state.records, term: 1, policy: .spread, digestKey: digestKey,
                at: DurableInstant(wall: cluster.now))
            try cluster.join(.w1)
            fence = try cluster.takeLease()
            for number in 0..<names { try start("n\(number)") }
        }

        mutating func start(_ name: String, attempt: Int = 0) throws {
            let proposal = cluster.proposal(WorkloadName(rawValue: name)!, attempt: attempt, owner: .default)
            try cluster.schedule(proposal, owner: .default, fence: fence)
            tasks.append(proposal)
        }

        func stop(_ index: Int, prune: Bool = true) -> BatchOperation {
            let task = tasks[index]
            return .stop(
                StopRequest(
                    id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt, prune: prune))
        }

        /// The statuses of a batch that prunes the tasks with these indices.
        mutating func prune(_ indices: Int...) throws -> [Int] {
            try batch(indices.map { stop($0) }).map(\.status)
        }

        mutating func batch(_ operations: [BatchOperation]) throws -> [BatchResult] {
            try cluster.batch(operations, owner: .default, fence: fence).results
        }

        /// Renews the lease.
        mutating func renew(_ limits: GuardLimits? = nil, holds: [Hold] = []) throws {
            let request = LeaseRequest(
                holder: "test", source: TestCluster.source, fence: fence, holds: holds, limits: limits)
            _ = try cluster.run { (transaction) throws(APIError) in try transaction.lease(.default, request) }
        }

        /// Approves the prune of the tasks with these indices under a guard.
        mutating func approve(_ indices: [Int], under guardName: String, key: DigestKey? = nil) throws {
            let changes = indices.map { index in
                HeldChange(
                    verb: "prune", name: tasks[index].name, ordinal: 0,
                    from: key?.keyed(tasks[index].specDigest) ?? tasks[index].specDigest, to: nil)
            }
            try renew(holds: [Hold(digest: .sha256(of: guardName), guardName: guardName, changes: changes)])
            let directive = Directive(verb: .approve, subject: Digest.sha256(of: guardName).rawValue)
            _ = try cluster.run { (transaction) throws(APIError) in try transaction.direct(.default, directive) }
        }

        mutating func wait(_ seconds: Int) throws {
            cluster.now = cluster.now + .seconds(seconds)
            let request = LeaseRequest(holder: "test", source: TestCluster.source, succeeds: fence)
            fence = try cluster.run { (transaction) throws(APIError) in
                transaction.tick()
                return try transaction.lease(.default, request)
            }.fence
        }

        var owner: OwnerStatus { cluster.state.status(of: cluster.state.records.owners[.default]!) }
        var pruned: [String] { owner.pruned.map(\.name.rawValue) }
    }

    @Test
    func `a batch that prunes more names than the limits allow is refused as a whole, whatever the reconciler asks`()
        throws
    {
        var world = try World(10)
        let results = try world.batch([0, 1, 2, 3].map { world.stop($0) })
        #expect(results.map(\.status) == [409, 409, 409, 409])
        #expect(results[0].error?.reason == .guardWindow)
        #expect(results[0].error?.message.contains("the request prunes 4 more names") == true)
        #expect(world.pruned == [] && world.cluster.state.liveCount(of: .default) == 10)
        #expect(try world.prune(0, 1, 2) == [202, 202, 202])
        #expect(world.pruned == ["n0", "n1", "n2"] && world.owner.revision == world.cluster.state.revision)
        #expect(try world.prune(3) == [409])
        // Other operations of the same batch succeed, including stops that prune nothing.
        #expect(try world.batch([world.stop(3), world.stop(4, prune: false)]).map(\.status) == [409, 202])
        #expect(world.pruned.count == 3)
    }

    @Test func `a name counts once, and its other tasks may be stopped too`() throws {
        var world = try World(10)
        try world.start("n0", attempt: 1)
        #expect(try world.prune(0, 1, 2) == [202, 202, 202])
        #expect(try world.prune(10) == [202])
        // An ended task needs no permission.
        #expect(try world.prune(0) == [202])
        #expect(world.pruned.count == 3)
    }

    @Test func `ten percent of the live and recently pruned names may be pruned`() throws {
        var world = try World(50)
        #expect(try world.prune(0, 1, 2, 3, 4, 5) == Array(repeating: 409, count: 6))
        #expect(try world.prune(0, 1, 2, 3, 4) == [202, 202, 202, 202, 202])
        #expect(try world.prune(5) == [409])
    }

    @Test(arguments: [nil, DigestKey(bytes: Array(repeating: 7, count: DigestKey.length))])
    func `an approval permits exactly the stops that it covers, which do not count`(
        key: DigestKey?
    ) throws {
        var world = try World(10, digestKey: key)
        try world.approve([0, 1, 2, 3, 4], under: "guard_window", key: key)
        #expect(try world.prune(0, 1, 2, 3) == [202, 202, 202, 202])
        #expect(world.owner.pruned.map(\.approved) == [true, true, true, true])
        #expect(try world.prune(5, 6, 7, 8) == [409, 409, 409, 409])
        #expect(try world.prune(4, 5, 6, 7) == [202, 202, 202, 202])
        #expect(try world.prune(8) == [409])
    }

    @Test
    func `an approval under the storage guard does not extend the window, and an expired one covers nothing`()
        throws
    {
        var world = try World(10)
        try world.approve([0, 1, 2, 3], under: "guard_storage")
        #expect(try world.prune(0, 1, 2, 3) == [409, 409, 409, 409])
        try world.approve([0, 1, 2, 3], under: "guard_empty")
        try world.wait(3600)
        #expect(try world.prune(0, 1, 2, 3) == [409, 409, 409, 409])
    }

    @Test func `the lease holder sets the limits, and a request without limits leaves them unchanged`() throws {
        var world = try World(10)
        try world.renew(GuardLimits(count: 1, percent: 0, window: .seconds(60)))
        #expect(try world.prune(0, 1) == [409, 409])
        try world.renew()
        #expect(try world.prune(0) == [202])
        #expect(try world.prune(1) == [409])
        try world.wait(59)
        #expect(try world.prune(1) == [409])
        try world.wait(1)
        #expect(world.pruned == [] && world.owner.limits.count == 1)
        #expect(try world.prune(1) == [202])
        #expect(throws: APIError.self) { try world.renew(GuardLimits(count: -1, percent: 101, window: .zero)) }
    }

    @Test func `unchanged limits cause no write`() throws {
        var world = try World(1)
        try world.renew(GuardLimits(count: 1))
        #expect(!world.cluster.changes.isEmpty)
        try world.renew(GuardLimits(count: 1))
        #expect(world.cluster.changes.isEmpty)
    }

    @Test func `a name that is scheduled again must pass the window again`() throws {
        var world = try World(10)
        #expect(try world.prune(0, 1, 2) == [202, 202, 202])
        try world.start("n0", attempt: 1)
        #expect(world.owner.pruned.map(\.returned) == [true, false, false])
        #expect(try world.prune(10) == [409])
    }

    @Test func `the window and the limits survive a restart of the manager, even if the clock of its machine is set`()
        throws
    {
        var world = try World(10)
        try world.renew(GuardLimits(count: 2, percent: 0))
        #expect(try world.prune(0, 1) == [202, 202])
        let stored = try JSONDecoder().decode(
            OwnerRecord.self, from: JSONEncoder().encode(world.cluster.state.records.owners[.default]!))
        #expect(stored == world.cluster.state.records.owners[.default])
        for shift in [-86_400, 0, 86_400] {
            var next = world
            var records = next.cluster.state.records
            records.owners[.default] = stored
            next.cluster.now = next.cluster.now + .seconds(shift)
            next.cluster.state = ClusterState(
                records: records, term: 2, policy: .spread, at: DurableInstant(wall: next.cluster.now))
            try next.wait(0)
            // By the wall clock, a day has passed; a clock that was set back does not extend the window.
            #expect(try next.prune(2) == [shift > 0 ? 202 : 409])
            try next.wait(600)
            #expect(try next.prune(3) == [202])
        }
    }

    @Test func `an owner of an older store has the default limits and an empty window`() throws {
        let owner = try JSONDecoder().decode(
            OwnerRecord.self,
            from: Data(#"{"name":"default","pass":3,"fence":7,"directives":[],"revision":9}"#.utf8))
        #expect(owner.guardLimits == GuardLimits() && owner.window == GuardWindow())
    }

    @Test func `on a full disk, no further name is pruned, because it could not be counted`() throws {
        var world = try World(10)
        #expect(try world.prune(0) == [202])
        var transaction = ClusterTransaction(
            world.cluster.state, at: DurableInstant(wall: world.cluster.now), isFull: true)
        let answer = try transaction.batch(
            BatchRequest(
                owner: .default, fence: world.fence, operations: [world.stop(1), world.stop(2, prune: false)]))
        #expect(answer.results.map(\.status) == [507, 202])
    }

    @Test func `an accepted prune covers neither a task that is adopted afterwards nor the prunes of another source`()
        throws
    {
        var world = try World(4)
        let names = try ["n0", "n1"].map { try #require(WorkloadName(rawValue: $0)) }
        func isReleased(_ name: WorkloadName) -> Bool {
            world.cluster.state.records.owners[.default]?.window.hasReleased(name) == true
        }
        #expect(try world.prune(0, 1) == [202, 202])
        #expect(names.map(isReleased) == [true, true])
        let manual = world.cluster.proposal(names[0])
        _ = try world.cluster.schedule(manual)
        try world.cluster.run { (transaction) throws(APIError) in
            _ = try transaction.adopt(manual.id, AdoptRequest(owner: .default, maxLive: 2))
        }
        #expect(names.map(isReleased) == [false, true])
        let other = "5a0c4e0e-6f0e-4c62-9d29-0d3a0f6d9a12"
        try world.cluster.run { (transaction) throws(APIError) in
            _ = try transaction.direct(.default, Directive(verb: .claim, subject: other))
        }
        #expect(names.map(isReleased) == [false, false])
        #expect(world.cluster.state.records.owners[.default]?.window.entries.count == 2, "they still count")
    }

    @Test func `neither a lease answer nor the changes of an owner grow with the guard window`() throws {
        var world = try World(2)
        let entries = (0..<100_000).map { number in
            (
                WorkloadName(rawValue: "name-of-a-workload-\(number)")!,
                GuardWindow.Entry(at: DurableInstant(wall: world.cluster.now), approved: true)
            )
        }
        world.cluster.state.records.owners[.default]?.window = GuardWindow(
            entries: Dictionary(uniqueKeysWithValues: entries))
        let list = TaskList(
            cluster: TestCluster.cluster, term: 1, revision: world.cluster.state.revision, tasks: [], owner: world.owner
        )
        var observed = ObservedState(list, of: .default)
        #expect(try world.prune(0) == [202])
        func changes() throws -> OwnerStatus {
            let record = try #require(world.cluster.state.records.owners[.default])
            return world.cluster.state.changedStatus(of: record, since: observed.revision)
        }
        let changed = try changes()
        let request = LeaseRequest(holder: "test", source: TestCluster.source, fence: world.fence)
        let answer = try world.cluster.run { (transaction) throws(APIError) in
            try transaction.lease(.default, request)
        }
        let bytes = try [world.owner, changed, answer].map { try JSONEncoder().encode($0).count }
        print("100,000 pruned names: owner \(bytes[0]) bytes, changes \(bytes[1]) bytes, lease \(bytes[2]) bytes")
        #expect(bytes[0] > 10_000_000 && bytes[1] < 1000 && bytes[2] < 1000)

        func see(_ owner: OwnerStatus) {
            _ = observed.apply(TaskChanges(term: 1, revision: world.cluster.state.revision, owner: owner))
        }
        see(changed)
        #expect(changed.pruned.map(\.name) == ["n0"] && observed.window == GuardWindow(world.owner.pruned))
        // A change that removes entries is sent as a whole.
        try world.wait(600)
        let all = try changes()
        #expect(all.prunedSince == nil && all.pruned == [])
        see(all)
        #expect(observed.window == GuardWindow())
    }
}
