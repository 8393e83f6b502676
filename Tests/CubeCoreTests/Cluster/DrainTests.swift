import CubeErrors
import CubeTypes
import FoundationEssentials
import HashTreeCollections
import Testing

@testable import CubeCore

/// What becomes of the tasks of a node that is drained.
struct DrainTests {
    /// A cluster with w1, and tasks of the default owner that run there.
    private struct Fleet {
        var cluster = TestCluster()
        var fence = 0

        init() throws {
            try cluster.join(.w1)
            fence = try cluster.takeLease()
        }

        @discardableResult
        mutating func run(_ proposal: TaskProposal, on node: NodeName = .w1) throws -> TaskID {
            try cluster.schedule(proposal, owner: .default, fence: fence)
            #expect(cluster.task(proposal.id)?.phase.placement?.node == node)
            try cluster.report([cluster.report(proposal.id, .running)], from: node)
            return proposal.id
        }

        func proposal(
            _ name: WorkloadName, ordinal: Int = 0, attempt: Int = 0, cpu: Int = 0, kind: TaskKind = .service,
            constraints: PlacementConstraints = .none
        ) -> TaskProposal {
            cluster.proposal(
                name, ordinal: ordinal, attempt: attempt, owner: .default, cpu: cpu, kind: kind,
                constraints: constraints)
        }

        mutating func drain(_ node: NodeName = .w1, _ request: DrainRequest = DrainRequest()) throws {
            try cluster.run { (transaction) throws(APIError) in try transaction.drain(node, request) }
        }

        func eviction(_ id: TaskID) -> TaskEviction? { cluster.task(id)?.status.eviction }

        func view(_ node: NodeName = .w1, _ request: DrainRequest = DrainRequest()) throws -> NodeDrain {
            let record = try #require(cluster.state.records.nodes[node])
            return cluster.state.drain(of: record, otherwise: request, at: DurableInstant(wall: cluster.now))
        }
    }

    @Test func `a task that fits elsewhere is to be evicted until its node is uncordoned`() throws {
        var fleet = try Fleet()
        let id = try fleet.run(fleet.proposal(.web))
        try fleet.cluster.join(.w2)
        #expect(fleet.eviction(id) == nil)
        try fleet.drain()
        #expect(fleet.eviction(id) == TaskEviction(due: true))
        #expect(fleet.cluster.state.records.nodes[.w1]?.state == .draining)
        #expect(fleet.cluster.task(id)?.phase.state == .running, "only its reconciler stops it")
        try fleet.cluster.run { (transaction) throws(APIError) in try transaction.uncordon(.w1) }
        #expect(fleet.eviction(id) == nil)
        #expect(fleet.cluster.state.records.nodes[.w1]?.state == .ready)
    }

    @Test func `a task that fits nowhere else stays with a reason, and is to be evicted when a node fits`() throws {
        var fleet = try Fleet()
        let fast = PlacementConstraints(labels: ["disk": "fast"])
        try fleet.cluster.join(.w1, labels: ["disk": "fast"])
        let id = try fleet.run(fleet.proposal(.web, constraints: fast))
        try fleet.cluster.join(.w2)
        try fleet.drain()
        let eviction = try #require(fleet.eviction(id))
        #expect(!eviction.due && eviction.reason == .noMatch)
        #expect(eviction.message?.hasPrefix("node w1 is draining; no other node has disk=fast") == true)
        try fleet.cluster.join("w3", labels: ["disk": "fast"])
        #expect(fleet.eviction(id) == TaskEviction(due: true))
    }

    @Test func `no more tasks are to be evicted at once than fit elsewhere`() throws {
        var fleet = try Fleet()
        let ids = try (0..<3).map { try fleet.run(fleet.proposal(.web, ordinal: $0, cpu: 1000)) }
        try fleet.cluster.join(.w2, cpu: 2000)
        try fleet.drain()
        #expect(ids.map { fleet.eviction($0)?.due } == [true, true, false])
        #expect(fleet.eviction(ids[2])?.reason == .noCapacity)

        // A stopping task keeps the room for its successor, and a task with a successor needs no room any more.
        try fleet.cluster.stop(ids[0])
        #expect(ids.map { fleet.eviction($0)?.due } == [nil, true, false])
        let ended = fleet.cluster.report(ids[0], .stopped)
        try fleet.cluster.report([ended], from: .w1)
        try fleet.run(fleet.proposal(.web, ordinal: 0, attempt: 1, cpu: 1000), on: .w2)
        #expect(ids.map { fleet.eviction($0)?.due } == [nil, true, false])
        try fleet.run(fleet.proposal(.web, ordinal: 1, attempt: 1, cpu: 1000), on: .w2)
        #expect(ids.map { fleet.eviction($0)?.due } == [nil, true, false])
    }

    @Test func `a job runs to its end unless the drain says otherwise`() throws {
        var fleet = try Fleet()
        let id = try fleet.run(fleet.proposal(.db, kind: .job))
        try fleet.cluster.join(.w2)
        try fleet.drain()
        #expect(fleet.eviction(id) == TaskEviction(due: false, reason: .jobRunning, message: "the job runs to its end"))
        try fleet.drain(.w1, DrainRequest(jobsAfter: .zero))
        #expect(fleet.eviction(id) == TaskEviction(due: true))
    }

    @Test func `a drain that lets jobs run for more than ten years is refused`() throws {
        var fleet = try Fleet()
        let longest = DrainRequest.longestJobsAfter
        let error = #expect(throws: APIError.self) {
            try fleet.drain(.w1, DrainRequest(jobsAfter: longest + .milliseconds(1)))
        }
        #expect(error?.fields.map(\.field) == ["jobs_after"])
        #expect(try !fleet.view().draining)
        try fleet.drain(.w1, DrainRequest(jobsAfter: longest))
        #expect(try fleet.view().draining)
    }

    @Test func `a job stays even if there is a newer task of its slot`() throws {
        var fleet = try Fleet()
        let id = try fleet.run(fleet.proposal(.db, kind: .job))
        try fleet.cluster.join(.w2)
        try fleet.drain()
        try fleet.run(fleet.proposal(.db, attempt: 1, kind: .job), on: .w2)
        #expect(fleet.eviction(id)?.reason == .jobRunning)
    }

    @Test func `a job is evicted when its time is up`() throws {
        var fleet = try Fleet()
        let id = try fleet.run(fleet.proposal(.db, kind: .job))
        try fleet.cluster.join(.w2)
        try fleet.drain(.w1, DrainRequest(jobsAfter: .seconds(60)))
        for (seconds, isDue) in [(59, false), (1, true)] {
            fleet.cluster.now = fleet.cluster.now + .seconds(seconds)
            let moment = DurableInstant(wall: fleet.cluster.now)
            if fleet.cluster.state.isDue(at: moment) {
                try fleet.cluster.run { (transaction) throws(APIError) in transaction.tick() }
            }
            #expect(fleet.eviction(id)?.due == isDue)
        }
        #expect(try fleet.view().jobsFrom == fleet.cluster.now)
    }

    @Test func `a task of a silent node is not to be evicted`() throws {
        var fleet = try Fleet()
        var proposal = fleet.proposal(.web)
        proposal.definition.onLost = .wait
        proposal.settingsDigest = proposal.definition.settingsDigest
        let id = try fleet.run(proposal)
        try fleet.cluster.join(.w2)
        try fleet.drain()
        try fleet.cluster.run { (transaction) throws(APIError) in try transaction.silence(.w1) }
        #expect(fleet.eviction(id)?.reason == .nodeSilent)
        #expect(fleet.cluster.state.records.nodes[.w1]?.state == .silent)
        try fleet.cluster.report([], from: .w1)
        #expect(fleet.eviction(id) == TaskEviction(due: true))
    }

    @Test func `a task without a reconciler moves by itself, one of each name at a time`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let ids = try (0..<2).map { ordinal in
            let id = try cluster.schedule(cluster.proposal(.web, ordinal: ordinal)).task.id
            try cluster.report([cluster.report(id, .running)], from: .w1)
            return id
        }
        let former = ids.map { cluster.report($0, .running) }
        try cluster.join(.w2)
        try cluster.run { (transaction) throws(APIError) in try transaction.drain(.w1) }
        func nodes() -> [NodeName?] { ids.map { cluster.task($0)?.phase.placement?.node } }
        let (first, second) = nodes()[0] == .w2 ? (0, 1) : (1, 0)
        #expect(nodes()[first] == .w2 && nodes()[second] == .w1)
        #expect(cluster.state.call(for: ids[first], on: .w1) == .stop(ids[first], placement: 1))
        guard case .assign? = cluster.state.call(for: ids[first], on: .w2) else {
            Issue.record("The task is not assigned.")
            return
        }
        try cluster.report([cluster.report(ids[first], .running)], from: .w2)
        #expect(nodes() == [.w2, .w2])
        #expect(!cluster.changes.events.contains { $0.kind == .nodeDrained })
        for index in ids.indices {
            var stopped = former[index]
            stopped.state = .stopped
            try cluster.report([stopped], from: .w1)
        }
        #expect(cluster.changes.events.map(\.kind) == [.nodeDrained])
    }

    @Test func `a job without a reconciler starts elsewhere only when it has ended on the drained node`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let id = try cluster.schedule(cluster.proposal(.db, kind: .job)).task.id
        var former = cluster.report(id, .running)
        try cluster.report([former], from: .w1)
        try cluster.join(.w2)
        try cluster.run { (transaction) throws(APIError) in
            try transaction.drain(.w1, DrainRequest(jobsAfter: .zero))
        }
        #expect(cluster.task(id)?.phase.placement?.node == .w2)
        #expect(cluster.state.call(for: id, on: .w2) == nil)
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        // The manager starts anew, and knows only its records.
        cluster.state = ClusterState(
            records: cluster.state.records, term: 2, policy: .spread, at: DurableInstant(wall: cluster.now))
        #expect(cluster.state.call(for: id, on: .w2) == nil)
        try cluster.report([former], from: .w1, isComplete: true)
        #expect(cluster.state.call(for: id, on: .w1) == .stop(id, placement: 1))
        former.state = .stopped
        try cluster.report([former], from: .w1)
        guard case .assign? = cluster.state.call(for: id, on: .w2) else {
            Issue.record("The job is not assigned.")
            return
        }
    }

    @Test func `a forecast shows what a drain would do, and changes nothing`() throws {
        var fleet = try Fleet()
        try fleet.cluster.join(.w1, labels: ["disk": "fast"])
        let web = try fleet.run(fleet.proposal(.web))
        let fast = PlacementConstraints(labels: ["disk": "fast"])
        try fleet.run(fleet.proposal("pinned", constraints: fast))
        try fleet.run(fleet.proposal(.db, kind: .job))
        try fleet.cluster.join(.w2)
        let before = fleet.cluster.state.records
        func steps(_ view: NodeDrain) -> [String] {
            view.tasks.map { "\($0.name) \($0.step) \($0.to?.rawValue ?? "-") \($0.reason?.rawValue ?? "-")" }
        }
        let forecast = try fleet.view()
        #expect(!forecast.draining && !forecast.done && forecast.node == .w1)
        #expect(steps(forecast) == ["db stays - job_running", "pinned stays - no_match", "web moves w2 -"])
        #expect(
            steps(try fleet.view(.w1, DrainRequest(jobsAfter: .zero)))
                == ["db moves w2 -", "pinned stays - no_match", "web moves w2 -"])
        #expect(fleet.cluster.state.records == before)

        try fleet.drain()
        #expect(try steps(fleet.view()) == steps(forecast))
        try fleet.cluster.run { (transaction) throws(APIError) in
            _ = try transaction.direct(.default, Directive(verb: .suspend, subject: "web"))
        }
        #expect(try steps(fleet.view()).last == "web moves w2 suspended")
        try fleet.cluster.run { (transaction) throws(APIError) in
            _ = try transaction.direct(.default, Directive(verb: .resume, subject: "web"))
        }
        fleet.cluster.now = fleet.cluster.now + Lease.length
        #expect(try steps(fleet.view()).last == "web moves w2 no_reconciler")
        try fleet.cluster.stop(web)
        #expect(try steps(fleet.view()).last == "web stopping - -")
    }

    @Test func `a drain lasts over restarts, ends with an event, and is not begun twice`() throws {
        var fleet = try Fleet()
        let id = try fleet.run(fleet.proposal(.web))
        try fleet.cluster.join(.w2)
        try fleet.drain()
        let revision = fleet.cluster.state.revision
        try fleet.drain()
        #expect(fleet.cluster.state.revision == revision)
        fleet.cluster.state = ClusterState(
            records: fleet.cluster.state.records, term: 2, policy: .spread, at: DurableInstant(wall: fleet.cluster.now))
        #expect(fleet.eviction(id)?.due == true)
        try fleet.cluster.stop(id)
        #expect(try !fleet.view().done)
        let ended = fleet.cluster.report(id, .stopped)
        try fleet.cluster.report([ended], from: .w1)
        #expect(fleet.cluster.changes.events.contains { $0.kind == .nodeDrained && $0.node == .w1 })
        #expect(try fleet.view().done)
    }

    @Test func `an unknown node is neither cordoned nor drained`() {
        var cluster = TestCluster()
        expectRefusal(.workerNotFound) { try cluster.run { (t) throws(APIError) in try t.drain(.w1) } }
        expectRefusal(.workerNotFound) { try cluster.run { (t) throws(APIError) in try t.cordon(.w1) } }
        expectRefusal(.workerNotFound) { try cluster.run { (t) throws(APIError) in try t.uncordon(.w1) } }
    }

    @Test func `a node that an earlier version called draining is cordoned`() throws {
        var fleet = try Fleet()
        try fleet.cluster.run { (transaction) throws(APIError) in try transaction.cordon(.w1) }
        let record = try #require(fleet.cluster.state.records.nodes[.w1])
        #expect(record.state == .cordoned)
        let stored = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        #expect(stored.contains(#""isDraining":true"#) && !stored.contains(#""drain""#))
        #expect(try JSONDecoder().decode(NodeRecord.self, from: Data(stored.utf8)) == record)
    }
}
