import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import Logging
import Synchronization
import SystemPackage

/// Runs tasks as containers of an engine on this machine: Docker, or Podman with its Docker API.
///
/// The engine holds the state of the runs. The name of a container is derived from its run, so a container is created at most once,
/// whatever the worker was doing when it was killed. While the engine cannot be reached, nothing is concluded about any run.
final class ContainerRuntime: TaskRuntime {
    let boot: String
    let engine: EngineClient
    let watch: EngineWatch
    let store: WorkerStore
    let clock: any Clock<Duration>
    let now: @Sendable () -> DurableInstant
    let logger: Logger
    let worker: NodeName
    let secrets: SecretDirectory
    let allowances: GrantedAllowances
    let networks: ContainerNetworks
    let pulls = ImagePulls()
    let watchedImages: ImageWatch
    /// The stops that were requested of this worker, in case they cannot be written.
    let stops = Mutex<[RunIdentity: ContainerStop]>([:])
    /// The live containers, so that figures and checks need not ask the engine for them.
    let live = Mutex<[RunIdentity: EngineContainer]>([:])
    /// The runs that were started a moment ago. Who waits for the end of one need not look at it again.
    let fresh = Mutex<[RunIdentity: FreshRun]>([:])
    /// The ends of the leases of exclusive runs.
    let leases = Mutex<[RunIdentity: Duration]>([:])
    let watchdogs: ContainerWatchdogs

    init(
        engine: EngineClient, worker: NodeName, store: WorkerStore, supervisor: String, boot: String,
        secrets: SecretDirectory,
        allowances: GrantedAllowances, clock: any Clock<Duration>, now: @escaping @Sendable () -> DurableInstant,
        logger: Logger
    ) {
        self.engine = engine
        self.worker = worker
        self.store = store
        self.boot = boot
        self.secrets = secrets
        self.allowances = allowances
        watchdogs = ContainerWatchdogs(supervisor: supervisor)
        networks = ContainerNetworks(engine: engine, logger: logger)
        self.clock = clock
        self.now = now
        self.logger = logger
        watch = EngineWatch(engine: engine, worker: worker, clock: clock, logger: logger)
        watchedImages = ImageWatch(engine: engine, clock: clock, logger: logger)
    }

    var kinds: [RuntimeKind] { watch.isAvailable ? [.docker] : [] }

    var images: ImageSet { ImageSet(watchedImages.images.names) }

    func accepts(_ kind: RuntimeKind) -> Bool { kind == .docker }

    func run(changed: @escaping @Sendable () async -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch.run(changed: changed) }
            group.addTask {
                await self.watchedImages.run { former, now in
                    self.imagesChanged(from: former, to: now)
                    await changed()
                }
            }
        }
    }

    /// An engine that has not been reached yet says nothing of its limits, so only what no engine enforces is named.
    func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String] {
        let isWatched = !definition.exclusive || run.map(isWatched) ?? true
        return (engine.abilities ?? .all).notEnforced(definition.limits) + (isWatched ? [] : ["exclusive"])
    }

    private func isWatched(_ run: RunIdentity) -> Bool {
        // A watchdog that cannot be found counts as missing.
        (try? watchdogs.isWatching(RunDirectory(path: directory(of: run).path))) ?? false
    }

    // MARK: Finding out

    func find(_ run: RunIdentity) async throws -> RunState? {
        guard case .started(let state) = try await observe(run) else { return nil }
        // Afterwards, the container may be removed.
        if case .ended = state {
            await output(of: run).copyToEnd()
            await dismissWatchdog(of: run)
        }
        return state
    }

    func keep(_ started: FreshRun, of run: RunIdentity) {
        let former = fresh.withLock { $0.updateValue(started, forKey: run) }
        if let former { watch.leave(former.listener) }
    }

    /// What the engine says of a run.
    enum Observation {
        case missing
        /// Its container was created and has not started.
        case created
        case started(RunState)
    }

    /// A run that was started and found to be alive by this worker.
    struct FreshRun {
        /// Rings if anything happened to the container since its start.
        let listener: Bells<String>.Listener
        let state: RunState
    }

    /// Asks the engine for the state of a run.
    func observe(_ run: RunIdentity) async throws -> Observation {
        guard let container = try await engine.container(ContainerSpec.name(of: run)) else {
            return try await observeWithoutContainer(run)
        }
        live.withLock { $0[run] = container.status.phase == .running ? container : nil }
        let details = container.status.phase == .running ? try await details(of: container) : RunDetails()
        let state = container.status.state(
            of: run, boot: boot, now: now(), details: details, isLeaseLost: directory(of: run).isLeaseLost)
        return state.map(Observation.started) ?? .created
    }

    /// Returns what the missing container of a run means.
    func observeWithoutContainer(_ run: RunIdentity) async throws -> Observation {
        guard let root = try directory(of: run).engineOfStart() else { return .missing }
        // Another engine may have taken over the socket a moment ago.
        engine.forget()
        let present = try await engine.identify().root
        guard root == present else {
            throw EngineError.otherEngine(socket: engine.socket, root: present, expected: root)
        }
        return .started(.ended(run.boot == boot ? .containerRemoved : .rebooted))
    }

    func end(of run: RunIdentity) async throws -> RunEnd { try await end(of: run) { _ in } }

    func end(of run: RunIdentity, changed: @Sendable (RunDetails) async -> Void) async throws -> RunEnd {
        let output = output(of: run)
        let end = try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await output.follow() }
            defer { group.cancelAll() }
            return try await observeEnd(of: run, changed)
        }
        // What the container wrote last may not have arrived yet.
        await output.copyToEnd()
        live.withLock { $0[run] = nil }
        stops.withLock { $0[run] = nil }
        await dismissWatchdog(of: run)
        return end
    }

    /// The time after which a container is looked at again while the health check of its image has not passed yet.
    private static let startingPause = Duration.seconds(5)

    /// Waits for the end of a run, and carries out a stop that is requested meanwhile.
    private func observeEnd(
        of run: RunIdentity, _ changed: @Sendable (RunDetails) async -> Void
    ) async throws -> RunEnd {
        let name = ContainerSpec.name(of: run)
        let fresh = fresh.withLock { $0.removeValue(forKey: run) }
        let listener = fresh?.listener ?? watch.listen(to: name)
        defer { watch.leave(listener) }
        var known = fresh.map { Observation.started($0.state) }
        while true {
            try Task.checkCancellation()
            var pause: Duration?
            do {
                let observation = if let known { known } else { try await observe(run) }
                known = nil
                switch observation {
                case .started(.ended(let end)): return end
                case .started(.running(_, let details)):
                    await changed(details)
                    pause = try await carryOutStop(of: run, name)
                    // No event says that a check never happens.
                    if details.imageHealth == .starting { pause = min(pause ?? Self.startingPause, Self.startingPause) }
                case .missing, .created:
                    throw APIError(.unavailable, "\(run.task): container \(name) was created but has not started")
                }
            } catch let error as EngineError {
                // The watch logs an outage once for all containers, and rings when the engine is back.
                logger.debug("\(run.task): \(error)")
                pause = .seconds(30)
            }
            await listener.bell.wait(atMost: pause, on: clock)
        }
    }

    // MARK: Addresses

    /// Returns the address of the container's own port if the container has an address that this worker can reach. Otherwise the
    /// published port of the node, where a proxy of the engine may accept connections for a program that does not listen.
    func address(
        of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment
    ) async throws -> ProbeTarget? {
        let declared = assignment.definition.ports.first {
            port == .name($0.name) || $0.container.map { port == .number($0) } ?? false
        }
        let published = declared.flatMap { assignment.ports[$0.name] }
        let inside: Int?
        switch port {
        case .number(let number): inside = number
        case .name: inside = declared?.container ?? published
        }
        guard let inside else { return nil }
        // An engine without root keeps the addresses of its containers in a network of its own.
        if geteuid() == 0, let address = live.withLock({ Self.address(of: run, in: $0) }) {
            return ProbeTarget(host: address, port: inside)
        }
        return ProbeTarget(port: published ?? inside)
    }

    /// Returns the address of a container, or of the container whose network it uses.
    private static func address(of run: RunIdentity, in live: [RunIdentity: EngineContainer]) -> String? {
        guard let holder = live[run]?.labels[ContainerSpec.Label.networkHolder] else { return live[run]?.address }
        return live.first { ContainerSpec.name(of: $0.key) == holder }?.value.address
    }

    // MARK: Files

    func directory(of run: RunIdentity) -> ContainerDirectory {
        ContainerDirectory(path: "\(store.runs(of: run.task))/\(run.placement)-\(run.number)")
    }

    /// The directory of the files that are mounted into the containers of a task.
    func staging(of task: TaskID) -> String { "\(store.directory(of: task))/files" }

    private func output(of run: RunIdentity) -> ContainerOutput {
        ContainerOutput(
            container: ContainerSpec.name(of: run), engine: engine,
            log: TaskLog(directory: store.logs(of: run.task)), clock: clock, logger: logger)
    }
}
