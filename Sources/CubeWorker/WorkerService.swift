import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
package import Logging
import ServiceLifecycle
import SystemPackage

/// The worker of one machine: what the HTTP layer calls, and what runs as long as the worker does.
///
/// It holds the placements that it was given and carries out what ``PlacementTable`` decides about them. A change is written
/// before it counts, so a worker that is killed goes on where it was.
package actor WorkerService: Service {
    let options: WorkerOptions
    let registrar: (any ManagerRegistrar)?
    let store: WorkerStore
    let runtime: any TaskRuntime
    let prober: any Prober
    let clock: any Clock<Duration>
    let now: @Sendable () -> DurableInstant
    let random: RandomSource
    let logger: Logger

    let startedAt: DurableInstant
    private let executor: any SerialExecutor

    /// The placements, and what is decided about them.
    var table: PlacementTable
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
        prober: any Prober, executor: any SerialExecutor, table: PlacementTable, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> DurableInstant, random: RandomSource, logger: Logger
    ) {
        self.options = options
        self.registrar = registrar
        self.store = store
        self.runtime = runtime
        self.prober = prober
        self.executor = executor
        self.table = table
        self.clock = clock
        self.now = now
        self.random = random
        self.logger = logger
        startedAt = now()
        (unattended, attend) = AsyncStream.makeStream()
    }

    /// Opens the worker of this machine, which runs processes: see the other `open`.
    ///
    /// - Parameters:
    ///   - clock: what its waits are measured by.
    ///   - now: the present moment.
    ///   - random: what ids and jitter are drawn from.
    package static func open(
        _ options: WorkerOptions, registrar: (any ManagerRegistrar)?, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> DurableInstant, random: RandomSource, logger: Logger
    ) async throws -> WorkerService {
        let store = WorkerStore(directory: options.directory.string)
        try store.prepare()
        let boot = try Machine.bootID()
        let runtime = ProcessRuntime(
            store: store, supervisor: options.supervisor.string, boot: boot,
            secrets: try SecretDirectory.prepare(options.secrets.string), passage: options.passage.map(\.string),
            now: now, logger: logger)
        return try await open(
            options, runtime: runtime, prober: LocalProber(runtime: runtime, clock: clock), registrar: registrar,
            clock: clock, now: now, random: random, executor: QueueExecutor("cube-worker"),
            logger: logger)
    }

    /// Reads the records of an earlier worker in the same directory and adopts what still runs.
    ///
    /// - Parameter executor: what it runs on; it waits for disks.
    /// - Throws: where a record cannot be read, as its task may be alive.
    package static func open(
        _ options: WorkerOptions, runtime: any TaskRuntime, prober: any Prober, registrar: (any ManagerRegistrar)?,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> DurableInstant, random: RandomSource,
        executor: any SerialExecutor, logger: Logger
    ) async throws -> WorkerService {
        var options = options
        let store = WorkerStore(directory: options.directory.string)
        try store.prepare()
        options.capacity = try options.capacity ?? Machine.capacity(directory: store.directory)
        let worker = WorkerService(
            options: options, registrar: registrar, store: store, runtime: runtime, prober: prober,
            executor: executor, table: PlacementTable(incarnation: random.uuid(), membership: try store.membership()),
            clock: clock, now: now, random: random, logger: logger)
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

    // MARK: Records

    /// Refuses callers of another cluster, and of an incarnation of the manager that has a successor.
    func accept(cluster: ClusterID, term: Int) throws { try carryOut(table.admit(cluster: cluster, term: term)) }

    /// Records that it took a task by its definition alone, in a cluster of its own.
    ///
    /// - Throws: where that cannot be written.
    func countSubmitted(in cluster: ClusterID, term: Int) throws {
        let counted = table.countingSubmission(in: cluster, term: term)
        try store.save(counted, usesReserve: false)
        table.join(counted, isStored: true)
    }

    func record(_ id: TaskID) throws(APIError) -> WorkerRecord {
        guard let record = table[id] else { throw APIError(.unknownTask(id), by: options.name) }
        return record
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

    /// Removes the tasks that ended long ago, once the manager knows that they ended.
    func forget() {
        for record in table.forgettable(at: now()) {
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
        table.finishForgetting()
    }
}
