import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import HashTreeCollections

@testable import CubeReconciler

/// A manager in memory, on the real state of a cluster, with one node that carries out at once what it is told.
actor MemoryCluster: ClusterWriter {
    private let clock: ManualClock
    private var state: ClusterState
    private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextWaiter = 0
    private var isAway = false
    private var losesAnswer = false
    private var delay = Duration.zero
    /// How often everything was listed.
    private(set) var lists = 0
    /// The batches that were accepted.
    private(set) var batches: [BatchRequest] = []

    init(clock: ManualClock, cluster: ClusterID = ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!) throws {
        self.clock = clock
        state = ClusterState(
            records: ClusterRecords(cluster: cluster), term: 1, policy: .spread,
            at: DurableInstant(wall: clock.timestamp))
        var transaction = ClusterTransaction(state, at: DurableInstant(wall: clock.timestamp))
        _ = try transaction.register(
            WorkerInfo(
                name: Self.node, version: "0", url: "unix:/nowhere", runtimes: ["process"],
                capacity: ResourceSpec(millicores: 100_000, memory: 1 << 40, disk: 1 << 40), bootID: "boot",
                incarnation: "one"))
        _ = try transaction.observe(Self.report(complete: true, []), from: Self.node)
        state = transaction.state
    }

    private static let node = NodeName(rawValue: "w1")!

    private static func report(complete: Bool = false, _ tasks: [WorkerTask]) -> WorkerTaskList {
        WorkerTaskList(complete: complete, incarnation: "one", sequence: 1, tasks: tasks)
    }

    // MARK: What a test does to it

    /// From now on nothing is answered, also not what is asked already; or everything is again.
    func setAway(_ isAway: Bool) {
        self.isAway = isAway
        wakeAll()
    }

    /// The next lease is given, and nobody hears so.
    func loseAnswer() { losesAnswer = true }

    /// The next batch takes so long, and is answered.
    func delay(_ span: Duration) { delay = span }

    func direct(_ directive: Directive) throws { _ = try change { try $0.direct(.default, directive) } }

    /// Takes the lease for another one of the same source.
    func takeLease(for source: SourceID) throws {
        let last = state.records.owners[.default]?.grant?.fence
        _ = try change { try $0.lease(.default, LeaseRequest(holder: "another", source: source, succeeds: last)) }
    }

    var tasks: [TaskStatus] {
        state.records.tasks.values.map(\.status).sorted {
            ($0.name, $0.ordinal, $0.attempt) < ($1.name, $1.ordinal, $1.attempt)
        }
    }

    /// `name/ordinal` of what lives, with its command's last word.
    var living: [String: String] {
        Dictionary(
            uniqueKeysWithValues: tasks.filter { !$0.state.hasEnded }.map {
                ("\($0.name)/\($0.ordinal)", $0.definition.command.last ?? "")
            })
    }

    // MARK: What the reconciler asks

    func tasks(owner: OwnerName) async throws -> TaskList {
        try answer()
        lists += 1
        return TaskList(
            cluster: state.cluster, term: state.term, revision: state.revision, tasks: tasks, slots: slots(since: 0),
            owner: state.records.owners[owner].map(state.status))
    }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try answer()
        guard term == state.term, since <= state.revision else { throw APIError(.revisionGone, "list anew") }
        if wait > .zero {
            while state.revision <= since, !isAway { try await nextChange() }
            try answer()
        }
        return TaskChanges(
            term: state.term, revision: state.revision, changed: tasks.filter { $0.revision > since },
            slots: slots(since: since),
            owner: state.records.owners[owner].flatMap { $0.revision > since ? state.status(of: $0) : nil })
    }

    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        try answer()
        let status = try change { try $0.lease(owner, request) }
        guard !losesAnswer else {
            losesAnswer = false
            throw APIError(.unavailable, "connection reset")
        }
        return status
    }

    func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        try answer()
        let answer = try change { try $0.batch(request) }
        batches.append(request)
        try work()
        clock.advance(by: delay)
        delay = .zero
        return answer
    }

    // MARK: Inside

    private func answer() throws {
        if isAway { throw APIError(.unavailable, "connection refused") }
    }

    private func slots(since: Int) -> [SlotStatus] {
        state.records.slots.values.map(\.status).sorted { ($0.name, $0.ordinal) < ($1.name, $1.ordinal) }
    }

    /// The node does what it was told: starts and stops.
    private func work() throws {
        var reports: [WorkerTask] = []
        for task in state.records.tasks.values {
            guard let placement = task.phase.placement else { continue }
            switch task.phase.state {
            case .scheduled:
                reports.append(
                    WorkerTask(
                        id: task.id, placement: placement.number, run: 1, state: .running, ready: true,
                        startedAt: clock.timestamp, settingsDigest: task.settingsDigest))
            case .stopping:
                reports.append(
                    WorkerTask(
                        id: task.id, placement: placement.number, run: 1, state: .stopped, reason: .stopRequested,
                        endedAt: clock.timestamp, settingsDigest: task.settingsDigest))
            default: break
            }
        }
        _ = try change { try $0.observe(Self.report(reports), from: Self.node) }
    }

    private func change<Answer>(_ command: (inout ClusterTransaction) throws -> Answer) rethrows -> Answer {
        var transaction = ClusterTransaction(state, at: DurableInstant(wall: clock.timestamp))
        let answer = try command(&transaction)
        transaction.finish()
        let isNew = transaction.state.revision > state.revision
        state = transaction.state
        if isNew { wakeAll() }
        return answer
    }

    private func wakeAll() {
        let all = waiting.values
        waiting = [:]
        for waiter in all { waiter.resume() }
    }

    private func nextChange() async throws {
        nextWaiter += 1
        let id = nextWaiter
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiting[id] = continuation }
            }
        } onCancel: {
            Task { await self.wake(id) }
        }
        try Task.checkCancellation()
    }

    private func wake(_ id: Int) { waiting.removeValue(forKey: id)?.resume() }
}
