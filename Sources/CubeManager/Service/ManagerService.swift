import CubeCore
import CubeErrors
package import CubeTypes
package import Logging
import ServiceLifecycle

/// The manager: what the HTTP layer calls, and what runs as long as the manager does.
///
/// It has one writer. Commands queue; those that wait are decided together on a copy of the state, stored as one
/// transaction, and only then is the copy published and anyone answered. Readers, those that wait for changes, and dispatch
/// see stored states only.
package actor ManagerService: Service {
    let store: any Store
    let gateway: any WorkerGateway
    let options: ManagerOptions
    let logger: Logger
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp

    nonisolated let term: Int
    nonisolated let clusterID: ClusterID

    /// As it is stored.
    var state: ClusterState
    var changeLog: ChangeLog
    var eventLog: EventLog
    var snapshots = ListSnapshots()
    var bells = Bells()
    /// When each node answered last.
    var lastSeen: [NodeName: Timestamp] = [:]
    /// How often there was news for each node's dispatcher.
    var wakes: [NodeName: Int] = [:]

    private var readiness = Readiness.starting
    private(set) var queue: [QueuedWrite] = []
    private let queueBell: AsyncStream<Void>
    private let queueRinger: AsyncStream<Void>.Continuation

    private enum Readiness {
        case starting, ready, ended
        /// It answers reads; writes are tried, and fail until there is room.
        case full
    }

    /// How many commands may wait.
    private static let queueLimit = 10_000

    private init(
        stored: StoredCluster, store: any Store, gateway: any WorkerGateway, options: ManagerOptions, logger: Logger,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp
    ) {
        state = ClusterState(records: stored.records, term: stored.term, policy: options.policy, now: now())
        term = stored.term
        clusterID = stored.records.cluster
        changeLog = ChangeLog(beginning: state.revision)
        eventLog = EventLog(stored.events)
        self.store = store
        self.gateway = gateway
        self.options = options
        self.logger = logger
        self.clock = clock
        self.now = now
        (queueBell, queueRinger) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the stored state and raises the term, durably, before anything else happens.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp
    ) async throws -> ManagerService {
        let stored = try await store.begin()
        return ManagerService(
            stored: stored, store: store, gateway: gateway, options: options, logger: logger, clock: clock, now: now)
    }

    /// Why it takes no commands, or `nil` when it does.
    package var notReadyReason: String? {
        switch readiness {
        case .starting: "the manager is starting"
        case .ready: nil
        case .full: "the disk with the manager's store is full"
        case .ended: "the manager is ending"
        }
    }

    package var isReady: Bool { notReadyReason == nil }

    /// Decides, stores and dispatches until shutdown, which ends blocking queries.
    ///
    /// - Throws: `StoreError` when it cannot be known what is stored: then the process must end.
    package func run() async throws {
        readiness = .ready
        logger.info(
            "manager begins",
            metadata: ["cluster": "\(clusterID)", "term": "\(term)", "revision": "\(state.revision)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.writeQueued() }
            group.addTask {
                await self.runUntilShutdown()
                await self.close()
            }
            defer { close() }
            // The first to fail ends the other one.
            for try await _ in group {}
        }
    }

    private nonisolated func runUntilShutdown() async {
        await withTaskGroup(of: Void.self) { group in
            // Cancelled is as good as shut down.
            group.addTask { try? await gracefulShutdown() }
            group.addTask { await self.watchTime() }
            group.addTask { await Dispatcher(service: self).run() }
            await group.next()
            group.cancelAll()
        }
    }

    private func close() {
        readiness = .ended
        bells.close()
        queueRinger.finish()
    }
}

// MARK: - Writing

extension ManagerService {
    /// Has a command decided and stored.
    func write<Answer: Sendable>(
        _ command: @escaping @Sendable (inout ClusterTransaction) throws(APIError) -> Answer
    ) async throws -> Answer {
        guard readiness == .ready || readiness == .full else {
            throw APIError(.unavailable, notReadyReason ?? "the manager takes no commands")
        }
        guard queue.count < Self.queueLimit else {
            throw APIError(.tooManyRequests, "\(queue.count) commands wait already")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.append(QueuedWrite(command, answer: continuation))
            queueRinger.yield()
        }
    }

    /// The one writer: takes what waits, as one transaction, until the queue is closed and empty.
    private func writeQueued() async throws {
        defer { refuseQueued(APIError(.unavailable, "the manager is ending")) }
        for await _ in queueBell {
            while !queue.isEmpty {
                let writes = queue
                queue = []
                try await commit(writes)
            }
        }
    }

    private func commit(_ writes: [QueuedWrite]) async throws {
        var transaction = ClusterTransaction(state, now: now())
        let answers = writes.map { $0.decide(&transaction) }
        transaction.finish()
        do {
            if !transaction.changes.isEmpty {
                try await store.commit(transaction.changes)
                if readiness == .full { readiness = .ready }
            }
        } catch StoreError.full(let message) {
            if readiness == .ready { readiness = .full }
            logger.error("the store is full", metadata: ["error": "\(message)"])
            if writes.count == 1 {
                writes[0].refuse(APIError(.storageFull, "the disk with the manager's store is full"))
            } else {
                // Those that store nothing, such as renewals of leases, go on. What waits still is answered whatever comes.
                var waiting = writes[...]
                while let write = waiting.popFirst() {
                    do { try await commit([write]) } catch {
                        queue = waiting + queue
                        throw error
                    }
                }
            }
            return
        } catch {
            readiness = .ended
            logger.critical("the store failed", metadata: ["error": "\(error)"])
            for write in writes { write.refuse(APIError(.unavailable, "the manager's store failed")) }
            throw error
        }
        publish(transaction)
        for answer in answers { answer() }
    }

    private func refuseQueued(_ error: APIError) {
        for write in queue { write.refuse(error) }
        queue = []
    }

    /// Makes what was stored the state that everyone sees, and wakes those that wait for it.
    private func publish(_ transaction: ClusterTransaction) {
        let (old, changes) = (state, transaction.changes)
        state = transaction.state
        for owner in changeLog.record(changes, from: old, to: state) { bells.ring(.owner(owner)) }
        eventLog.append(changes.events)
        if !changes.events.isEmpty { bells.ring(.events) }
        if !changes.nodes.isEmpty { bells.ring(.fleet) }
        for node in transaction.nodesToWake {
            wakes[node, default: 0] += 1
            bells.ring(.node(node))
        }
        for event in changes.events { logger.info("\(event.kind)", metadata: event.metadata) }
    }
}

extension TaskEvent {
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["revision": "\(revision)"]
        metadata["owner"] = owner.map { "\($0)" }
        metadata["name"] = name.map { "\($0)" }
        metadata["ordinal"] = ordinal.map { "\($0)" }
        metadata["task"] = task.map { "\($0)" }
        metadata["node"] = node.map { "\($0)" }
        metadata["reason"] = reason.map { "\($0)" }
        metadata["message"] = message.map { "\($0)" }
        return metadata
    }
}

// MARK: - Waiting

extension ManagerService {
    /// Gives an answer when there is one, looking again after each commit that rings; `nil` when the time is up, the caller
    /// goes away or the manager ends.
    func wait<Answer: Sendable>(
        for topic: Bells.Topic, upTo wait: Duration, until answer: () throws -> Answer?
    ) async throws -> Answer? {
        if let answer = try answer() { return answer }
        guard wait > .zero else { return nil }
        let (listener, bell) = bells.listen(to: topic)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock] in
                // Cancelled when the answer came first.
                try? await clock.sleep(for: wait)
                await self.leave(topic, listener)
            }
            defer {
                group.cancelAll()
                bells.leave(topic, listener)
            }
            for await _ in bell {
                if let answer = try answer() { return answer }
            }
            return nil
        }
    }

    private func leave(_ topic: Bells.Topic, _ listener: Int) { bells.leave(topic, listener) }

    /// Has done what time alone brings about.
    private func watchTime() async {
        var ticks = 0
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: .seconds(1))
                ticks += 1
                if state.isDue(at: now()) {
                    try await write { (transaction) throws(APIError) in transaction.tick() }
                }
                if readiness == .full {
                    try await write { (transaction) throws(APIError) in transaction.probe() }
                }
                if ticks % Self.sweepInterval == 0 {
                    try await write { (transaction) throws(APIError) in transaction.sweep() }
                }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("what time brings about must wait", metadata: ["error": "\(error)"])
            }
        }
    }

    /// How many seconds pass between two looks for tasks that ended long ago.
    private static let sweepInterval = 600
}
