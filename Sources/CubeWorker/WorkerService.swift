import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
package import Logging
import ServiceLifecycle
import SystemPackage

/// The worker of one machine. The HTTP layer calls it, and ``run()`` carries out its background work.
///
/// It holds the placements that were assigned to it and carries out the decisions of ``PlacementTable``. Every change
/// is written before it takes effect, so a killed worker resumes where it stopped.
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

    /// The placements and the decisions about them.
    var table: PlacementTable
    var bells = Bells<Topic>()
    /// The lease of exclusive tasks.
    var lease: WorkerLease
    /// The live runs that have a lease, or may have one from an earlier process of the worker.
    var leased: Set<RunIdentity> = []

    /// What a caller waits for.
    enum Topic: Hashable, Sendable {
        /// Any task changes.
        case tasks
        case task(TaskID)
        /// What the worker says of itself to its manager changes.
        case info
    }

    /// The tasks of which a step is being carried out: one step at a time for each.
    var supervised: Set<TaskID> = []
    /// The runs that are being health-checked.
    var checked: Set<RunIdentity> = []
    /// The duties for which ``run()`` starts a loop.
    let duties: AsyncStream<Duty>
    let attend: AsyncStream<Duty>.Continuation
    let turns = CommandTurns()
    nonisolated let sessions = ExecSessions()

    enum Duty: Sendable {
        case task(TaskID)
        case checks(RunIdentity)
        case session(ExecChannel)
    }

    /// Where the manager reaches this worker.
    var url: String?
    /// The number of queries for changes by the manager.
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
        lease = WorkerLease(incarnation: table.incarnation)
        self.clock = clock
        self.now = now
        self.random = random
        self.logger = logger
        startedAt = now()
        (duties, attend) = AsyncStream.makeStream()
    }

    /// Opens the worker of this machine, with the runtimes that the options ask for. See the other `open`.
    ///
    /// - Parameters:
    ///   - clock: the clock that measures waits.
    ///   - now: returns the present moment.
    ///   - random: the source of IDs and jitter.
    package static func open(
        _ options: WorkerOptions, registrar: (any ManagerRegistrar)?, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> DurableInstant, random: RandomSource, logger: Logger
    ) async throws -> WorkerService {
        let store = WorkerStore(directory: options.directory.string, command: options.command)
        try store.prepare()
        let boot = try Machine.bootID()
        let secrets = try SecretDirectory.prepare(options.secrets.string)
        let engine = EngineClient(
            socket: try options.engineSocket?.string ?? store.engineSocket() ?? EngineSocket.usual, clock: clock)
        let allowances = GrantedAllowances(
            options.allowances,
            protected: EngineSocket.candidates
                + [engine.socket, options.secrets.string, (options.passage.first ?? options.directory).string])
        let runtime = TaskRuntimes(
            process: !options.runtimes.contains(.process)
                ? nil
                : ProcessRuntime.open(
                    store: store, supervisor: options.supervisor.string, boot: boot, secrets: secrets,
                    passage: options.passage.map(\.string), now: now, logger: logger),
            container: !options.runtimes.contains(.docker)
                ? nil
                : ContainerRuntime(
                    engine: engine, worker: options.name, store: store, supervisor: options.supervisor.string,
                    boot: boot, secrets: secrets, allowances: allowances, clock: clock, now: now, logger: logger),
            boot: boot)
        return try await open(
            options, runtime: runtime, prober: LocalProber(runtime: runtime, clock: clock), registrar: registrar,
            clock: clock, now: now, random: random, executor: BlockingExecutor("cube-worker"),
            logger: logger)
    }

    /// Opens a worker: reads the records of an earlier worker in the same directory and adopts the runs that are still alive.
    ///
    /// - Parameter executor: the executor of the actor, whose jobs block on disk I/O.
    /// - Throws: if a record cannot be read, because its task may be running.
    package static func open(
        _ options: WorkerOptions, runtime: any TaskRuntime, prober: any Prober, registrar: (any ManagerRegistrar)?,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> DurableInstant, random: RandomSource,
        executor: any SerialExecutor, logger: Logger
    ) async throws -> WorkerService {
        var options = options
        let store = WorkerStore(directory: options.directory.string, command: options.command)
        try store.prepare()
        options.capacity = try options.capacity ?? Machine.capacity(directory: store.directory)
        let worker = WorkerService(
            options: options, registrar: registrar, store: store, runtime: runtime, prober: prober,
            executor: executor, table: PlacementTable(incarnation: random.uuid(), membership: try store.membership()),
            clock: clock, now: now, random: random, logger: logger)
        try await worker.adopt()
        return worker
    }

    /// Supervises tasks until shutdown. Tasks keep running after the shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepRegistered() }
                group.addTask { await self.runtime.run { await self.runtimesChanged() } }
                group.addTask { await self.keepForgetting() }
                for await duty in self.duties {
                    switch duty {
                    case .task(let id): group.addTask { await self.supervise(id) }
                    case .checks(let run): group.addTask { await self.keepChecking(run) }
                    case .session(let channel): group.addTask { await self.carryOut(channel) }
                    }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: Records

    /// Rejects callers of another cluster, and a manager that has been succeeded by one with a higher term.
    func accept(cluster: ClusterID, term: Int) throws { try carryOut(table.admit(cluster: cluster, term: term)) }

    /// Records that the worker accepted a task by its definition alone, in a cluster of its own.
    ///
    /// - Throws: if the count cannot be written.
    func countSubmitted(in cluster: ClusterID, term: Int) throws {
        let counted = table.countingSubmission(in: cluster, term: term)
        try store.save(counted, usesReserve: false)
        table.join(counted, isStored: true)
    }

    func record(_ id: TaskID) throws(APIError) -> WorkerRecord {
        guard let record = table[id] else { throw APIError(.unknownTask(id), by: options) }
        return record
    }

    // MARK: Forgetting

    private func keepForgetting() async {
        while !Task.isCancelled {
            await forget()
            do { try store.reserve.fill() } catch {
                logger.warning("cannot fill the disk reserve; without it, a full disk delays stops: \(error)")
            }
            // Cancelled at shutdown.
            try? await clock.sleep(for: .seconds(600))
        }
    }

    /// Removes tasks that ended long ago, if the manager has confirmed that it knows their end.
    func forget() async {
        for record in table.forgettable(at: now()) {
            do {
                if let supervisor = try store.trace(of: record.id)?.supervisor {
                    logger.error(
                        "\(record.id): cannot remove the ended task: supervisor \(supervisor.id) is still alive")
                    continue
                }
                // An engine that could not be reached when the task ended may still have its container.
                if case .placement(let placement) = record, placement.assignment.definition.runtime == .docker {
                    try await runtime.removeSecrets(of: placement.assignment)
                    guard table[record.id] == record else { continue }
                }
                try store.remove(record.id)
                table.remove(record.id)
                bells.ring(.tasks)
            } catch {
                logger.warning("\(record.id): cannot remove the ended task: \(error)")
            }
        }
        table.finishForgetting()
    }
}
