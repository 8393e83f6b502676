package import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
import HashTreeCollections
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
    /// Now, on the boot-time clock too: what decides by time goes by it.
    let moment: @Sendable () -> DurableInstant

    nonisolated let clusterID: ClusterID
    /// Under what those see digests who may only read.
    package nonisolated let digestKey: DigestKey

    /// As it is stored.
    var state: ClusterState
    var term: Int { state.term }
    var changeLog: ChangeLog
    var eventLog: EventLog
    var snapshots = ListSnapshots()
    var bells = Bells()
    /// When each node answered last.
    var lastSeen: [NodeName: Timestamp] = [:]
    /// Why a node's worker did not answer the last time.
    var complaints: [NodeName: String] = [:]
    /// How often there was news for each node's dispatcher.
    var wakes: [NodeName: Int] = [:]

    private var readiness = Readiness.starting
    private(set) var queue: [QueuedWrite] = []
    /// What was decided while the store was full, and is not stored yet; everybody sees it all the same.
    private var unstored = ClusterChanges()
    /// Tasks that the last manager noted down as to be stopped, and could not store.
    private let notedStops: [TaskID]
    /// What was found wrong with the store while nothing was written.
    private var storeFailure: (any Error)?
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
        clock: any Clock<Duration>, moment: @escaping @Sendable () -> DurableInstant
    ) {
        let begin = moment()
        state = ClusterState(
            records: stored.records, term: stored.term, policy: options.policy, at: begin)
        clusterID = stored.records.cluster
        digestKey = stored.digestKey
        changeLog = ChangeLog(beginning: state.revision)
        eventLog = EventLog(stored.events)
        notedStops = stored.stops
        self.store = store
        self.gateway = gateway
        self.options = options
        self.logger = logger
        self.clock = clock
        self.moment = moment
        now = { moment().wall }
        (queueBell, queueRinger) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the stored state and raises the term, durably, before anything else happens.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = BootClock.timer, now: @escaping @Sendable () -> Timestamp
    ) async throws -> ManagerService {
        try await open(store: store, gateway: gateway, options: options, logger: logger, clock: clock) {
            DurableInstant(wall: now())
        }
    }

    /// - Parameter moment: What time it is, by the wall clock and by the boot-time clock.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = BootClock.timer, moment: @escaping @Sendable () -> DurableInstant
    ) async throws -> ManagerService {
        let stored = try await store.begin()
        return ManagerService(
            stored: stored, store: store, gateway: gateway, options: options, logger: logger, clock: clock,
            moment: moment)
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
            group.addTask {
                await self.carryOutNotes()
                await self.watchTime()
            }
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
        defer {
            // Nobody would take what is queued after this, such as what a dispatcher has to tell while all are being cancelled.
            close()
            refuseQueued(APIError(.unavailable, "the manager is ending"))
        }
        for await _ in queueBell {
            if let storeFailure { throw storeFailure }
            while !queue.isEmpty {
                let writes = queue
                queue = []
                try await commit(writes)
            }
        }
    }

    private func transaction(isFull: Bool = false) -> ClusterTransaction {
        ClusterTransaction(state, at: moment(), isFull: isFull)
    }

    private func commit(_ writes: [QueuedWrite]) async throws {
        var transaction = transaction()
        let answers = writes.map { $0.decide(&transaction) }
        transaction.finish()
        do {
            if !transaction.changes.isEmpty {
                var changes = unstored
                changes.add(transaction.changes)
                try await store.commit(changes)
                unstored = ClusterChanges()
                if readiness == .full {
                    readiness = .ready
                    logger.notice("the store has room again")
                }
            }
        } catch StoreError.full(let message) {
            if readiness == .ready {
                readiness = .full
                logger.error("the store is full: tasks can only be stopped now", metadata: ["error": "\(message)"])
            }
            if writes.count == 1 {
                try await carryOutWithoutRoom(writes[0])
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

    /// Carries out what ends tasks, and takes in what workers say, though it cannot be stored now; all else is refused.
    ///
    /// What must not be forgotten, that tasks are to stop, is noted down where there is always room. The rest is said again by
    /// the workers, whose reports count as unseen until they are stored.
    private func carryOutWithoutRoom(_ write: QueuedWrite) async throws {
        var transaction = transaction(isFull: true)
        let answer = write.decide(&transaction)
        transaction.finish()
        let stops = transaction.stops(since: state)
        do {
            if !stops.isEmpty { try await store.note(stops: stops) }
        } catch StoreError.full(let message) {
            logger.error("a stop cannot be noted down", metadata: ["error": "\(message)"])
            write.refuse(APIError(.storageFull, "the disk with the manager's store is full"))
            return
        }
        unstored.add(transaction.changes)
        publish(transaction)
        answer()
    }

    /// Whether some of what everybody sees would be lost with the manager.
    var hasUnstored: Bool { !unstored.isEmpty }

    /// Stops what the last manager noted down as to be stopped.
    private func carryOutNotes() async {
        for id in notedStops where state.records.tasks[id] != nil {
            do {
                _ = try await stop(id)
            } catch {
                logger.error("a stop that was noted down cannot be carried out", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Has the manager end where what it acknowledges is not where the next one finds it.
    private func checkStore() async {
        do {
            try await store.check()
        } catch {
            fail(error as? StoreError ?? .failed("\(error)"))
        }
    }

    /// Has the manager end.
    private func fail(_ error: StoreError) {
        guard readiness != .ended else { return }
        readiness = .ended
        logger.critical("the manager ends", metadata: ["error": "\(error)"])
        storeFailure = error
        queueRinger.yield()
    }

    private func refuseQueued(_ error: APIError) {
        for write in queue { write.refuse(error) }
        queue = []
    }

    /// Makes what was stored the state that everyone sees, and wakes those that wait for it.
    private func publish(_ transaction: ClusterTransaction) {
        let (old, changes) = (state, transaction.changes)
        state = transaction.state
        if changes.term != nil { beginTerm() }
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

// MARK: - Terms

extension ManagerService {
    /// Takes note that a worker accepts no term below one that is higher than ours.
    ///
    /// - Parameter hasAcceptedOurs: Whether the same worker has accepted our term before: then another manager of this cluster
    ///   is at work, and this one must end. Otherwise our state is older than what the worker has seen.
    func observe(term: Int, hasAcceptedOurs: Bool) async throws {
        // A worker refuses only what is below its term: with the same term, ours was raised after the call had left.
        guard term > self.term else { return }
        guard !hasAcceptedOurs else {
            fail(
                .failed(
                    "another manager of cluster \(clusterID) is at work: a worker has accepted term \(term), ours is \(self.term)"
                ))
            return
        }
        logger.warning(
            "the store is older than what a worker has seen, so everybody lists anew",
            metadata: ["term": "\(self.term)", "seen": "\(term)"])
        try await write { (transaction) throws(APIError) in transaction.raiseTerm(above: term) }
    }

    /// What was said under the last term means nothing any more.
    private func beginTerm() {
        changeLog = ChangeLog(beginning: state.revision)
        snapshots = ListSnapshots()
        bells.ringAll()
        logger.info("a new term begins", metadata: ["term": "\(term)"])
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
                await checkStore()
                if state.isDue(at: moment()) {
                    try await write { (transaction) throws(APIError) in transaction.tick() }
                }
                if readiness == .full {
                    try await write { (transaction) throws(APIError) in try transaction.probe() }
                }
                if ticks % Self.sweepInterval == 0 {
                    try await write { (transaction) throws(APIError) in transaction.sweep() }
                }
            } catch is CancellationError {
                return
            } catch let error as APIError where error.reason == .storageFull {
                continue  // It was told when it became full.
            } catch {
                logger.warning("what time brings about must wait", metadata: ["error": "\(error)"])
            }
        }
    }

    /// How many seconds pass between two looks for tasks that ended long ago.
    private static let sweepInterval = 600
}
