import CubeErrors
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// The invariants of the state hold after each random command and worker event.
struct ClusterPropertyTests {
    @Test func `the invariants hold after every step of a random history`() async throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        let expected = [
            "accepted", "max_live", "stale_attempt", "stale_fence", "ended", "waited", "lost", "stale report",
            "port_taken", "adopted", "scheduled again", "to evict", "not to evict",
        ]
        var seen: [String: Int] = [:]
        // Five histories, and more while some expected event has not occurred yet.
        for index in 0..<200 where index < 5 || !expected.allSatisfy({ seen[$0, default: 0] > 0 }) {
            var world = RandomWorld(policy: random.pick(SchedulingPolicy.all))
            for _ in 0..<200 {
                // Lets the tests proceed that wait.
                await Task.yield()
                try world.step(using: &random)
                world.check()
            }
            seen.merge(world.seen, uniquingKeysWith: +)
        }
        print("seen: \(seen.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
        for event in expected { #expect(seen[event, default: 0] > 0, "\(event) never occurred") }
    }
}

/// A cluster, the tasks of its workers, and the promises made so far.
private struct RandomWorld {
    private var cluster: TestCluster
    /// The records as a store would hold them. Only the changes of transactions are applied to them.
    private var stored: ClusterRecords
    private var fences: [OwnerName: Int] = [:]
    private var reports: [TaskID: WorkerTask] = [:]
    private var accepted: Set<TaskID> = []
    private var ended: Set<TaskID> = []
    private var placedOn: [TaskID: [Int: NodeName]] = [:]
    private(set) var seen: [String: Int] = [:]

    private static let owners = [OwnerName.default, .manual]
    private static let names = [WorkloadName.web, .db]
    private static let nodes = [NodeName.w1, .w2]
    private static let maxLive = 3
    private static let ports: [[PortSpec]] = [
        [], [PortSpec(name: "http"), PortSpec(name: "admin")], [PortSpec(name: "dns", host: 53, transport: .udp)],
        [
            PortSpec(name: "dns", host: 53, transport: .udp), PortSpec(name: "dns-tcp", host: 53),
            PortSpec(name: "http"),
        ],
        [PortSpec(name: "low", host: 20_000), PortSpec(name: "http")],
    ]

    init(policy: SchedulingPolicy) {
        cluster = TestCluster(policy: policy)
        stored = cluster.state.records
    }

    private mutating func run<Answer>(
        _ command: (inout ClusterTransaction) throws(APIError) -> Answer
    ) -> Answer? {
        let before = cluster.state
        defer { follow(from: before) }
        do throws(APIError) {
            return try cluster.run(command)
        } catch {
            seen[error.reason.rawValue, default: 0] += 1
            return nil
        }
    }

    mutating func step(using random: inout SeededGenerator) throws {
        cluster.now = cluster.now + .milliseconds(.random(in: 0...3000, using: &random))
        let owner = random.pick(Self.owners)
        let node = random.pick(Self.nodes)
        let ids = cluster.state.records.tasks.keys.sorted()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<27: write(for: owner, using: &random)
        case 27..<30: schedule(using: &random)
        case 30..<60: report(from: node, using: &random)
        case 60..<66:
            let request = LeaseRequest(holder: "test", source: TestCluster.source, succeeds: fences[.default])
            if let status = run({ (transaction) throws(APIError) in try transaction.lease(.default, request) }) {
                fences[.default] = status.fence
            }
        case 66..<74:
            let fence = fences[.default]
            let request = LeaseRequest(holder: "test", source: TestCluster.source, fence: fence)
            _ = run { (transaction) throws(APIError) in try transaction.lease(.default, request) }
        case 74..<76:
            if let id = ids.randomElement(using: &random), cluster.task(id)?.slot.owner != .default {
                let request = AdoptRequest(owner: .default, maxLive: Self.maxLive)
                let adopted = run { (transaction) throws(APIError) in try transaction.adopt(id, request) }
                if adopted != nil { seen["adopted", default: 0] += 1 }
            }
        case 76..<82:
            if let id = ids.randomElement(using: &random) {
                _ = run { (transaction) throws(APIError) in try transaction.stop(id) }
            }
        case 82..<86:
            let worker = WorkerInfo(
                name: node, version: "1", url: "unix:/\(node)", runtimes: ["process"],
                capacity: ResourceSpec(millicores: 4000), bootID: "b", incarnation: "1")
            _ = run { (transaction) throws(APIError) in try transaction.register(worker) }
        case 86..<88: _ = run { (transaction) throws(APIError) in try transaction.silence(node) }
        case 88..<90:
            let order = random.pick([0, 1, 2, 2])
            let request = DrainRequest(jobsAfter: random.pick([nil, .zero, .seconds(2)]))
            _ = run { (transaction) throws(APIError) in
                switch order {
                case 0: try transaction.cordon(node)
                case 1: try transaction.uncordon(node)
                default: try transaction.drain(node, request)
                }
            }
        case 90..<91: _ = run { (transaction) throws(APIError) in try transaction.remove(node) }
        case 91..<95: _ = run { (transaction) throws(APIError) in transaction.tick() }
        case 95..<97:
            // A worker records a task that it must stop but does not have.
            let absent = cluster.state.due(on: node).filter { id in
                if case .stop = cluster.state.call(for: id, on: node) { reports[id] == nil } else { false }
            }
            let list = WorkerTaskList(
                complete: false, incarnation: "1", sequence: 1,
                tasks: absent.map { cluster.report($0, .stopped, run: 0) })
            _ = run { (transaction) throws(APIError) in try transaction.observe(list, from: node) }
        default:
            if Int.random(in: 0..<4, using: &random) == 0 { cluster.now = cluster.now + .seconds(25 * 3600) }
            _ = run { (transaction) throws(APIError) in transaction.sweep() }
        }
    }

    /// Schedules a plain definition, sometimes a known one.
    private mutating func schedule(using random: inout SeededGenerator) {
        let name = random.pick(Self.names)
        guard cluster.state.index.live[WorkloadKey(owner: .manual, name: name)] ?? 0 < Self.maxLive else { return }
        var definition = cluster.proposal(name, cpu: random.pick([0, 500]), ports: random.pick(Self.ports)).definition
        definition.id = random.pick([nil, "a", "b", "c", "d"])
        let holder = definition.id.flatMap { cluster.state.index.keyed[$0] }
        guard let answer = run({ (transaction) throws(APIError) in try transaction.schedule(definition) }) else {
            return
        }
        #expect(answer.created == (holder == nil))
        if let holder {
            #expect(answer.task.id == holder)
            seen["scheduled again", default: 0] += 1
        } else {
            accepted.insert(answer.task.id)
            seen["accepted", default: 0] += 1
        }
    }

    private mutating func write(for owner: OwnerName, using random: inout SeededGenerator) {
        let operations = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            let name = random.pick(Self.names)
            let ordinal = Int.random(in: 0...3, using: &random)
            let next =
                cluster.state.records.slots[SlotKey(owner: owner, name: name, ordinal: ordinal)]?.status.next ?? 0
            let attempt = max(0, next + random.pick([-1, 0, 0, 0, 0, 1]))
            let proposal = cluster.proposal(
                name, ordinal: ordinal, attempt: attempt, owner: owner, cpu: random.pick([0, 500, 1500, 3000]),
                kind: random.pick([.service, .job]), ports: random.pick(Self.ports))
            return Bool.random(using: &random)
                ? BatchOperation.schedule(proposal, maxLive: Self.maxLive)
                : .stop(StopRequest(id: proposal.id, name: name, ordinal: ordinal, attempt: attempt))
        }
        let fence = (fences[owner] ?? 0) + random.pick([0, 0, 0, 0, 0, -1, 1])
        let request = BatchRequest(owner: owner, fence: fence, operations: operations)
        let foreign = cluster.state.records.tasks.values.filter { $0.slot.owner != owner && $0.phase.placement != nil }
        guard let answer = run({ (transaction) throws(APIError) in try transaction.batch(request) }) else { return }
        for result in answer.results {
            if let error = result.error { seen[error.reason.rawValue, default: 0] += 1 }
            if result.status == 201, let task = result.task {
                accepted.insert(task.id)
                seen["accepted", default: 0] += 1
            }
        }
        // Invariant 2: no task is stopped that the owner does not own.
        for task in foreign {
            #expect(cluster.task(task.id)?.phase.state == task.phase.state)
        }
    }

    /// A worker accepts, runs, ends or loses a task and reports it; sometimes it repeats an old report.
    private mutating func report(from node: NodeName, using random: inout SeededGenerator) {
        guard cluster.state.records.nodes[node] != nil else { return }
        let here = cluster.state.index.load(of: node).tasks.sorted()
        var isComplete = Int.random(in: 0..<5, using: &random) == 0
        for id in here where Bool.random(using: &random) {
            let task = cluster.task(id)!
            var report =
                reports[id]
                ?? WorkerTask(
                    id: id, placement: task.placements, run: 1, state: .scheduled, reason: .starting,
                    settingsDigest: task.settingsDigest)
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                // The task is lost, and the next list lacks it.
                reports[id] = nil
                isComplete = true
                seen["lost", default: 0] += 1
                continue
            case 1..<6 where report.state == .scheduled:
                report.state = .running
                report.reason = nil
                report.ready = Bool.random(using: &random)
            case 6..<8 where report.state == .running:
                report.state = random.pick([.scheduled, .failed, .completed])
                report.reason = report.state == .scheduled ? .backoff : .exited
                if report.state == .scheduled { report.run += 1 }
                report.ready = false
            case 8..<11 where task.phase.state == .stopping:
                report.state = random.pick([.stopping, .stopped])
                report.ready = false
            default: break
            }
            if let last = reports[id], let old = ReportOrder(last), let new = ReportOrder(report), new < old {
                continue
            }
            reports[id] = report
        }
        var tasks = here.compactMap { reports[$0] }
        if Int.random(in: 0..<4, using: &random) == 0 {
            // An old report of any task, which was delayed.
            for var old in reports.values.sorted(by: { $0.id < $1.id }).prefix(2) where old.run > 1 {
                old.run -= 1
                old.state = random.pick([.scheduled, .running])
                tasks.append(old)
                seen["stale report", default: 0] += 1
            }
        }
        let list = WorkerTaskList(complete: isComplete, incarnation: "1", sequence: 1, tasks: tasks)
        _ = run { (transaction) throws(APIError) in try transaction.observe(list, from: node) }
    }

    /// Applies a transaction as a store does, and checks the invariants between the two states.
    /// A store holds the same bytes whichever encoder wrote them.
    private func checkEncoding(of changes: ClusterChanges) {
        for record in changes.tasks.values { expectSameBytes(of: record) }
        for record in changes.slots.values { expectSameBytes(of: record) }
        for record in changes.nodes.values { expectSameBytes(of: record) }
        for record in changes.owners.values { expectSameBytes(of: record) }
        for record in changes.volumes.values { expectSameBytes(of: record) }
        for record in changes.tokens.values { expectSameBytes(of: record) }
        expectSameBytes(of: changes.counters)
    }

    private mutating func follow(from before: ClusterState) {
        stored.apply(cluster.changes)
        // A sample, as it takes longer than the step itself.
        if cluster.state.revision.isMultiple(of: 4) { checkEncoding(of: cluster.changes) }
        let after = cluster.state
        // Invariant 5: counters never decrease.
        #expect(after.revision >= before.revision)
        #expect(after.records.counters.fence >= before.records.counters.fence)
        for (name, owner) in before.records.owners {
            #expect(after.records.owners[name].map { $0.fence >= owner.fence } ?? true)
        }
        for task in after.records.tasks.values {
            let old = before.records.tasks[task.id]
            // An ended task stays ended.
            if old?.phase.hasEnded == true { #expect(task.phase == old?.phase) }
            if task.phase.hasEnded, ended.insert(task.id).inserted { seen["ended", default: 0] += 1 }
            if case .pending(let cause) = task.phase, cause.reason == .portTaken { seen["port_taken", default: 0] += 1 }
            if case .pending = task.phase { seen["waited", default: 0] += 1 }
            if let eviction = task.eviction { seen[eviction.due ? "to evict" : "not to evict", default: 0] += 1 }
            // (placement, run, state) only increases, except if a placement is assigned again.
            if let last = old?.report.flatMap(ReportOrder.init), let now = task.report.flatMap(ReportOrder.init) {
                #expect(last <= now)
            }
            // Invariant 4: a placement belongs to one node.
            if let placement = task.phase.placement {
                let known = placedOn[task.id, default: [:]].updateValue(placement.node, forKey: placement.number)
                #expect(known == nil || known == placement.node)
                #expect(placement.number == task.placements)
            }
        }
    }

    func check() {
        let state = cluster.state
        // The store contains the whole state: a restarted manager has the same state.
        #expect(stored == state.records)
        #expect(ClusterIndex(of: stored, overdue: state.overdue) == state.index)
        // Invariant 12: no placement exceeds the capacity of its node.
        for node in state.records.nodes.values {
            let load = state.index.load(of: node.worker.name)
            #expect(node.worker.capacity.covers(load.reserved))
            let held = load.tasks.compactMap { state.records.tasks[$0]?.definition.resources }
            #expect(held.reduce(.zero, +) == load.reserved)
            // No port is allocated twice, and each task has all of its ports.
            let ports = load.tasks.compactMap { state.records.tasks[$0] }.flatMap { task in
                let numbers = task.phase.placement?.ports ?? [:]
                #expect(Set(numbers.keys) == Set(task.definition.ports.map(\.name)))
                return task.definition.ports.map { HostPort(numbers[$0.name] ?? 0, $0.transport) }
            }
            #expect(Set(ports).count == ports.count)
            #expect(TreeSet(ports) == load.ports)
        }
        // What becomes of the tasks of drained nodes follows from the state alone, and concerns no other task.
        let plan = EvictionPlan(state.drains, in: state)
        for task in state.records.tasks.values {
            #expect(task.eviction == plan.verdicts[task.id]?.eviction)
            if let node = task.phase.placement?.node, state.records.nodes[node]?.drain == nil {
                #expect(task.eviction == nil)
            }
        }
        // Invariant 15: no name has more live tasks than permitted.
        for (_, live) in state.index.live { #expect(live <= Self.maxLive) }
        // Invariant 3: an accepted task exists until it ends.
        for id in accepted.subtracting(ended) { #expect(state.records.tasks[id]?.phase.hasEnded == false) }
        // A single-use id is never used again.
        for node in Self.nodes {
            for id in state.due(on: node) {
                if case .assign = state.call(for: id, on: node) { #expect(!ended.contains(id)) }
            }
        }
        // No pending task would fit on a node.
        for (demand, waiting) in state.index.pending {
            var probe = ClusterTransaction(state, at: DurableInstant(wall: cluster.now))
            var task = state.records.tasks[waiting.first!.id]!
            probe.place(&task)
            #expect(task.phase.state == .pending, "\(demand) waits and fits")
        }
    }
}
