package import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
import HashTreeCollections
package import Logging
import ServiceLifecycle
import Synchronization

/// The manager: implements the calls of the HTTP layer, and runs the manager's background work.
///
/// A single writer processes commands. It decides all queued commands on a copy of the state and stores the changes as
/// one transaction. Only then does it publish the copy and answer the callers, so readers, blocking queries and
/// dispatch see only stored states.
package actor ManagerService: Service {
    let store: any Store
    let gateway: any WorkerGateway
    let options: ManagerOptions
    let logger: Logger
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    /// Returns the current time, including the boot-time clock, which time-based decisions use.
    let moment: @Sendable () -> DurableInstant

    /// The cluster of the store.
    package nonisolated let clusterID: ClusterID
    /// The secret key of the digests that read-only callers see.
    package nonisolated let digestKey: DigestKey
    /// The tokens that the manager issued.
    package nonisolated let tokens: IssuedTokens

    /// The state as stored.
    var state: ClusterState { didSet { readable.withLock { [state] in $0 = ReadableState(state) } } }
    /// The same state, for readers that need nothing else. They wait for neither the writer nor other readers.
    let readable: Mutex<ReadableState>
    var term: Int { state.term }
    var changeLog: ChangeLog
    var eventLog: EventLog
    var snapshots = ListSnapshots()
    var slotOrder = SlotOrder()
    var bells = Bells<Topic>()
    /// The time of the last response of each node.
    var lastSeen: [NodeName: Timestamp] = [:]
    /// The receipts of the last responses of the nodes.
    var receipts: [NodeName: String] = [:]
    /// The error of the last call to each node's worker, if that call failed.
    var complaints: [NodeName: String] = [:]
    /// Why the last call to remove a volume failed, for the volumes that are being removed.
    var volumeComplaints: [VolumeKey: String] = [:]
    /// The last sessions whose start was recorded in the history.
    var recordedSessions: [ExecID] = []
    /// The revision at which an endpoint of a ready task changed last.
    var endpointsRevision: Int
    /// The revision at which a task or a node changed last.
    var drainsRevision: Int
    /// A counter per node that grows whenever the node's dispatcher has news.
    var wakes: [NodeName: Int] = [:]

    private(set) var readiness = Readiness.starting
    private(set) var queue: [QueuedWrite] = []
    /// Changes that were decided while the store was full and are not stored yet. They are visible nevertheless.
    private var unstored = ClusterChanges()
    /// Tasks to stop that the last manager wrote to the reserve but could not store.
    private let notedStops: [TaskID]
    /// A store failure that was detected outside of a write.
    private var storeFailure: (any Error)?
    private let queueBell: AsyncStream<Void>
    private let queueRinger: AsyncStream<Void>.Continuation

    enum Readiness {
        case starting, ready, ended
        /// Answers reads. Attempts writes, which fail until there is space.
        case full
    }

    /// The maximum number of queued commands.
    private static let queueLimit = 10_000

    private init(
        stored: StoredCluster, store: any Store, gateway: any WorkerGateway, options: ManagerOptions, logger: Logger,
        clock: any Clock<Duration>, moment: @escaping @Sendable () -> DurableInstant
    ) {
        let begin = moment()
        state = ClusterState(
            records: stored.records, term: stored.term, policy: options.policy,
            prefersImages: options.prefersImages, digestKey: stored.digestKey, nodeLease: options.workerLease, at: begin
        )
        readable = Mutex(ReadableState(state))
        clusterID = stored.records.cluster
        digestKey = stored.digestKey
        tokens = IssuedTokens(stored.records.tokens, moment: moment)
        changeLog = ChangeLog(beginning: state.revision)
        endpointsRevision = state.revision
        drainsRevision = state.revision
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

    /// Opens a manager: raises the term durably and reads the stored state, before anything else happens.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = BootClock.timer, now: @escaping @Sendable () -> Timestamp
    ) async throws -> ManagerService {
        try await open(store: store, gateway: gateway, options: options, logger: logger, clock: clock) {
            DurableInstant(wall: now())
        }
    }

    /// - Parameter moment: Returns the current time on the wall clock and the boot-time clock.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = BootClock.timer, moment: @escaping @Sendable () -> DurableInstant
    ) async throws -> ManagerService {
        let stored = try await store.begin(at: moment())
        return ManagerService(
            stored: stored, store: store, gateway: gateway, options: options, logger: logger, clock: clock,
            moment: moment)
    }

    /// The reason why the manager takes no commands; `nil` if it does.
    package var notReadyReason: String? {
        switch readiness {
        case .starting: "the manager is starting"
        case .ready: nil
        case .full: "the disk with the manager's store is full"
        case .ended: "the manager is ending"
        }
    }

    package var isReady: Bool { notReadyReason == nil }
    var hasEnded: Bool { readiness == .ended }

    /// Processes commands and dispatches tasks until shutdown, which ends blocking queries.
    ///
    /// - Throws: `StoreError` if the contents of the store are unknown. The process must end then.
    package func run() async throws {
        readiness = .ready
        logger.info(
            "manager starts",
            metadata: ["cluster": "\(clusterID)", "term": "\(term)", "revision": "\(state.revision)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.writeQueued() }
            group.addTask {
                await self.runUntilShutdown()
                await self.close()
            }
            defer { close() }
            // The first child that fails ends the other one.
            for try await _ in group {}
        }
    }

    private nonisolated func runUntilShutdown() async {
        await withTaskGroup(of: Void.self) { group in
            // Cancellation has the same effect as a graceful shutdown.
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

/// A state that several threads share without copies.
final class ReadableState: Sendable {
    let state: ClusterState

    init(_ state: ClusterState) { self.state = state }
}

// MARK: - Writing

extension ManagerService {
    /// Queues a command, and returns its answer once the changes are stored.
    ///
    /// - Parameter review: The errors of the definitions in the command, as far as they are known already.
    func write<Answer: Sendable>(
        reviewed review: DefinitionReview = DefinitionReview(),
        _ command: @escaping @Sendable (inout ClusterTransaction) throws(APIError) -> Answer
    ) async throws -> Answer {
        try checkReadiness()
        return try await withCheckedThrowingContinuation { continuation in
            queue.append(QueuedWrite(command, by: CurrentAuthor.value, reviewed: review, answer: continuation))
            queueRinger.yield()
        }
    }

    /// - Throws: An error if the manager would refuse any command now.
    func checkReadiness() throws(APIError) {
        guard readiness == .ready || readiness == .full else {
            throw APIError(.unavailable, notReadyReason ?? "the manager accepts no commands")
        }
        guard queue.count < Self.queueLimit else {
            throw APIError(.tooManyRequests, "the manager has \(queue.count) queued commands; retry later")
        }
    }

    /// The single writer: commits all queued commands as one transaction, until the queue is closed and empty.
    private func writeQueued() async throws {
        defer {
            // Refuse commands that are queued after the end, such as a dispatcher's reports during cancellation.
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
                try await store.commit(unstored.adding(transaction.changes))
                unstored = ClusterChanges()
                if readiness == .full {
                    readiness = .ready
                    logger.notice("the store has space again")
                }
            }
        } catch StoreError.full(let message) {
            if readiness == .ready {
                readiness = .full
                logger.error("the store is full; tasks can only be stopped", metadata: ["error": "\(message)"])
                bells.ring(.time)
            }
            if writes.count == 1 {
                try await carryOutWithoutRoom(writes[0])
            } else {
                // Retry one by one: commands that store nothing, such as lease renewals, still succeed. If one throws,
                // the remaining commands go back to the queue, so that every caller gets an answer.
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
            logger.critical("the store failed; the manager ends", metadata: ["error": "\(error)"])
            for write in writes { write.refuse(APIError(.unavailable, "the manager's store failed")) }
            throw error
        }
        publish(transaction)
        for answer in answers { answer() }
    }

    /// Carries out commands that end tasks, and accepts workers' reports, without storing them. Refuses all other
    /// commands.
    ///
    /// Stops must not be lost, so they are written to the reserve, which always has space. Workers repeat their reports,
    /// as the manager does not acknowledge them before they are stored.
    private func carryOutWithoutRoom(_ write: QueuedWrite) async throws {
        var transaction = transaction(isFull: true)
        let answer = write.decide(&transaction)
        transaction.finish()
        let stops = transaction.stops(since: state)
        do {
            if !stops.isEmpty { try await store.note(stops: stops) }
        } catch StoreError.full(let message) {
            logger.error("cannot write a stop to the reserve file", metadata: ["error": "\(message)"])
            write.refuse(APIError(.storageFull, "the disk with the manager's store is full"))
            return
        }
        unstored.add(transaction.changes)
        publish(transaction)
        answer()
    }

    /// Whether visible changes are not stored yet and would be lost with the manager.
    var hasUnstored: Bool { !unstored.isEmpty }

    /// Carries out the stops that the last manager wrote to the reserve.
    private func carryOutNotes() async {
        for id in notedStops where state.records.tasks[id] != nil {
            do {
                _ = try await stop(id)
            } catch {
                logger.error("cannot carry out a stop from the reserve file", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Ends the manager if the next manager would not find what this one acknowledges.
    func checkStore() async {
        do {
            try await store.check()
        } catch {
            fail(error as? StoreError ?? .failed("\(error)"))
        }
    }

    /// Ends the manager with an error.
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

    /// Publishes the stored state, and wakes those who wait for its changes.
    private func publish(_ transaction: ClusterTransaction) {
        let (old, changes) = (state, transaction.changes)
        state = transaction.state
        if changes.term != nil { beginTerm() }
        for owner in changeLog.record(changes, from: old, to: state) { bells.ring(.owner(owner)) }
        eventLog.append(changes.events)
        if !changes.events.isEmpty { bells.ring(.events) }
        if !changes.nodes.isEmpty { bells.ring(.fleet) }
        if !changes.volumes.isEmpty { bells.ring(.volumes) }
        if !changes.tokens.isEmpty { tokens.replace(by: state.records.tokens) }
        if changes.term != nil || changes.changeEndpoints(of: old) {
            endpointsRevision = state.revision
            bells.ring(.endpoints)
        }
        if changes.term != nil || !changes.nodes.isEmpty || !changes.tasks.isEmpty {
            drainsRevision = state.revision
            bells.ring(.drains)
        }
        for node in transaction.nodesToWake {
            wakes[node, default: 0] += 1
            bells.ring(.node(node))
        }
        if state.revision > old.revision { bells.ring(.time) }
        for event in changes.events { logger.info("\(event.kind)", metadata: event.metadata) }
    }
}

// MARK: - Terms

extension ManagerService {
    /// Handles a worker's report that it accepts only terms above ours.
    ///
    /// - Parameter hasAcceptedOurs: Whether the worker has accepted our term before. If so, another manager of this
    ///   cluster is running, and this one must end. If not, our state is older than the state that the worker has seen.
    func observe(term: Int, hasAcceptedOurs: Bool) async throws {
        // Ignore a stale refusal: a worker refuses only lower terms, so our term was raised after the call was made.
        guard term > self.term else { return }
        guard !hasAcceptedOurs else {
            fail(
                .failed(
                    "another manager of cluster \(clusterID) is running: a worker has accepted term \(term), ours is \(self.term)"
                ))
            return
        }
        logger.warning(
            "the store is older than the state that a worker has seen; clients must list again",
            metadata: ["term": "\(self.term)", "seen": "\(term)"])
        try await write { (transaction) throws(APIError) in transaction.raiseTerm(above: term) }
    }

    /// Discards everything that refers to the last term.
    private func beginTerm() {
        changeLog = ChangeLog(beginning: state.revision)
        snapshots = ListSnapshots()
        bells.ringAll()
        logger.info("a new term starts", metadata: ["term": "\(term)"])
    }
}
