import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
import FoundationEssentials
package import Logging
import ServiceLifecycle
import SystemPackage

/// The worker of one machine: what the HTTP layer calls, and what runs as long as the worker does.
///
/// It holds the placements that it was given and carries out what they say is due; each is a value that decides for itself.
/// A change is written down before it counts, so a worker that is killed goes on where it was.
package actor WorkerService: Service {
    let options: WorkerOptions
    let registrar: (any ManagerRegistrar)?
    let store: WorkerStore
    let runtime: any TaskRuntime
    let prober: any Prober
    let clock: any Clock<Duration>
    let now: @Sendable () -> DurableInstant
    let jitter: @Sendable () -> Double
    let logger: Logger

    /// Changes with each start of the worker.
    let incarnation = UUID().uuidString.lowercased()
    let startedAt: DurableInstant
    private let executor: any SerialExecutor

    private(set) var membership: Membership
    /// The membership that the next worker will find.
    private var storedMembership: Membership
    private(set) var table = TaskTable()
    /// Rings when any task changes.
    var bell = Bell()
    /// Ring when that task changes.
    var taskBells: [TaskID: Bell] = [:]

    /// The tasks that are seen to, each by one who does one thing after the other.
    var attended: Set<TaskID> = []
    /// The runs whose health is checked.
    var checked: Set<RunIdentity> = []
    /// What somebody has to see to.
    let unattended: AsyncStream<Duty>
    let attend: AsyncStream<Duty>.Continuation
    let launches = Semaphore(16)

    enum Duty: Sendable {
        case task(TaskID)
        case checks(RunIdentity)
    }

    /// Where the manager reaches this worker, and a bell for when that is known.
    var url: String?
    var urlBell = Bell()
    /// How many times the manager asked for changes.
    var queries = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(
        options: WorkerOptions, registrar: (any ManagerRegistrar)?, store: WorkerStore, runtime: any TaskRuntime,
        prober: any Prober, executor: any SerialExecutor, membership: Membership, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> DurableInstant,
        jitter: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.options = options
        self.registrar = registrar
        self.store = store
        self.runtime = runtime
        self.prober = prober
        self.executor = executor
        self.membership = membership
        storedMembership = membership
        self.clock = clock
        self.now = now
        self.jitter = jitter
        self.logger = logger
        startedAt = now()
        (unattended, attend) = AsyncStream.makeStream()
    }

    /// Opens the worker of this machine, which runs processes: see the other `open`.
    ///
    /// - Parameter now: the present moment; default: on the clocks of this machine.
    package static func open(
        _ options: WorkerOptions, registrar: (any ManagerRegistrar)?, clock: any Clock<Duration> = ContinuousClock(),
        now: (@Sendable () -> DurableInstant)? = nil,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) }, logger: Logger
    ) async throws -> WorkerService {
        let store = WorkerStore(directory: options.directory.string)
        try store.prepare()
        let boot = try Machine.bootID()
        let runtime = ProcessRuntime(
            store: store, supervisor: options.supervisor.string, boot: boot,
            secrets: try SecretDirectory.prepare(options.secrets.string), passage: options.passage.map(\.string),
            logger: logger)
        return try await open(
            options, runtime: runtime, prober: LocalProber(runtime: runtime, clock: clock), registrar: registrar,
            clock: clock, now: now ?? { .now(boot: boot) }, jitter: jitter, executor: QueueExecutor("cube-worker"),
            logger: logger)
    }

    /// Reads the records of an earlier worker in the same directory and adopts what still runs.
    ///
    /// - Parameter executor: what it runs on; it waits for disks.
    /// - Throws: where a record cannot be read, as its task may be alive.
    package static func open(
        _ options: WorkerOptions, runtime: any TaskRuntime, prober: any Prober, registrar: (any ManagerRegistrar)?,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> DurableInstant,
        jitter: @escaping @Sendable () -> Double, executor: any SerialExecutor, logger: Logger
    ) async throws -> WorkerService {
        var options = options
        let store = WorkerStore(directory: options.directory.string)
        try store.prepare()
        options.capacity = try options.capacity ?? Machine.capacity(directory: store.directory)
        let worker = WorkerService(
            options: options, registrar: registrar, store: store, runtime: runtime, prober: prober,
            executor: executor, membership: try store.membership(), clock: clock, now: now, jitter: jitter,
            logger: logger)
        try await worker.adopt()
        return worker
    }

    /// Carries out what is due, until shutdown; tasks keep running beyond it.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepRegistered() }
                group.addTask { await self.keepForgetting() }
                for await duty in self.unattended {
                    switch duty {
                    case .task(let id): group.addTask { await self.see(to: id) }
                    case .checks(let run): group.addTask { await self.keepChecking(run) }
                    }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: Membership

    /// Refuses callers of another cluster, and of an incarnation of the manager that has a successor.
    func accept(cluster: ClusterID, term: Int) throws {
        if let own = membership.cluster, own != cluster {
            let which = own.isOfWorker ? "\(own), its own, as it was given tasks alone" : "\(own)"
            throw APIError(
                .foreignCluster,
                "worker \(options.name) belongs to cluster \(which), not to \(cluster); `cube worker rejoin` on its machine has "
                    + "it forget \(own)")
        }
        guard Counter.isPlausible(term) else {
            throw APIError.invalid([
                ValidationError(field: "term", value: "\(term)", message: "must be from 0 to \(Counter.limit - 1)")
            ])
        }
        guard term >= membership.term else {
            throw APIError(
                .staleTerm, "term \(term) is lower than \(membership.term)", details: ["term": "\(membership.term)"])
        }
        var accepted = membership
        (accepted.cluster, accepted.term) = (cluster, term)
        guard accepted != storedMembership else { return }
        do {
            try store.save(accepted)
            storedMembership = accepted
        } catch let error as APIError where error.reason == .storageFull && membership.cluster == cluster {
            // A stop must get through on a full disk; the cluster itself is not in doubt. The next call tries it again.
            if accepted != membership {
                logger.warning("the manager's term cannot be written down", metadata: ["error": "\(error)"])
            }
        }
        membership = accepted
    }

    /// Takes note that it took a task by its definition alone, in a cluster of its own.
    ///
    /// - Throws: where that cannot be written down.
    func countSubmitted(in cluster: ClusterID, term: Int) throws {
        let counted = Membership(cluster: cluster, term: term, submitted: (membership.submitted ?? 0) + 1)
        try store.save(counted, usesReserve: false)
        (membership, storedMembership) = (counted, counted)
    }

    // MARK: Records

    /// Writes a record down, then lets it count.
    func keep(_ record: WorkerRecord) throws {
        guard table[record.id] != record else { return }
        try store.save(record)
        publish(record)
    }

    /// Lets a record count that the next worker would find out by itself.
    func publish(_ record: WorkerRecord) {
        guard table[record.id] != record else { return }
        table.put(record)
        taskBells[record.id]?.ring()
        bell.ring()
    }

    func acknowledge(_ since: Int) { table.acknowledge(since) }

    /// Whether its manager knows how a task is, if there is one.
    func isKnownToManager(_ record: WorkerRecord) -> Bool {
        membership.cluster?.isOfWorker == true || table.isAcknowledged(record.id)
    }

    func record(_ id: TaskID) throws(APIError) -> WorkerRecord {
        guard let record = table[id] else { throw APIError(.taskNotFound, "no task \(id)") }
        return record
    }

    func placement(_ id: TaskID) -> SupervisedPlacement? {
        if case .placement(let placement) = table[id] { placement } else { nil }
    }

    // MARK: Forgetting

    private func keepForgetting() async {
        while !Task.isCancelled {
            forget()
            do { try store.reserve.fill() } catch {
                logger.warning("the disk has no room for the reserve, without which a full disk delays stops: \(error)")
            }
            // Cancelled at shutdown.
            try? await clock.sleep(for: .seconds(600))
        }
    }

    /// Removes what ended long ago, once the manager knows that it ended.
    func forget() {
        for record in table.records where isKnownToManager(record) {
            guard let endedAt = record.endedAt, now().since(endedAt) >= Retention.output else { continue }
            do {
                if let supervisor = try store.trace(of: record.id)?.supervisor {
                    logger.error("\(record.id): is kept, as supervisor \(supervisor.id) still watches over a run of it")
                    continue
                }
                try store.remove(record.id)
                table.remove(record.id)
                bell.ring()
            } catch {
                logger.warning("\(record.id): cannot be forgotten: \(error)")
            }
        }
        // Nobody asks a worker that stands alone what it forgot.
        if membership.cluster?.isOfWorker == true { table.acknowledge(table.sequence) }
    }
}
