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
    let pulls = ImagePulls()
    /// The stops that were requested of this worker, in case they cannot be written.
    let stops = Mutex<[RunIdentity: ContainerStop]>([:])
    /// The live containers, so that figures and checks need not ask the engine for them.
    private let live = Mutex<[RunIdentity: EngineContainer]>([:])

    init(
        engine: EngineClient, worker: NodeName, store: WorkerStore, boot: String, secrets: SecretDirectory,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> DurableInstant, logger: Logger
    ) {
        self.engine = engine
        self.worker = worker
        self.store = store
        self.boot = boot
        self.secrets = secrets
        self.clock = clock
        self.now = now
        self.logger = logger
        watch = EngineWatch(engine: engine, worker: worker, clock: clock, logger: logger)
    }

    var kinds: [RuntimeKind] { watch.isAvailable ? [.docker] : [] }

    func accepts(_ kind: RuntimeKind) -> Bool { kind == .docker }

    func run(changed: @escaping @Sendable () async -> Void) async { await watch.run(changed: changed) }

    /// Returns all declared limits: containers have no enforced limits yet.
    func notEnforced(_ definition: TaskDefinition) -> [String] { definition.declaredLimits }

    // MARK: Finding out

    func find(_ run: RunIdentity) async throws -> RunState? {
        guard case .started(let state) = try await observe(run) else { return nil }
        // Afterwards, the container may be removed.
        if case .ended = state { await output(of: run).copyToEnd() }
        return state
    }

    /// What the engine says of a run.
    enum Observation {
        case missing
        /// Its container was created and has not started.
        case created
        case started(RunState)
    }

    /// Asks the engine for the state of a run.
    func observe(_ run: RunIdentity) async throws -> Observation {
        guard let container = try await engine.container(ContainerSpec.name(of: run)) else {
            guard let root = try directory(of: run).engineOfStart() else { return .missing }
            // Another engine may have taken over the socket a moment ago.
            engine.forget()
            let present = try await engine.identify().root
            guard root == present else {
                throw EngineError.otherEngine(socket: engine.socket, root: present, expected: root)
            }
            return .started(.ended(run.boot == boot ? .containerRemoved : .rebooted))
        }
        live.withLock { $0[run] = container }
        return container.status.state(of: run, boot: boot, now: now()).map(Observation.started) ?? .created
    }

    func end(of run: RunIdentity) async throws -> RunEnd {
        let output = output(of: run)
        let end = try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await output.follow() }
            defer { group.cancelAll() }
            return try await observeEnd(of: run)
        }
        // What the container wrote last may not have arrived yet.
        await output.copyToEnd()
        live.withLock { $0[run] = nil }
        stops.withLock { $0[run] = nil }
        return end
    }

    /// Waits for the end of a run, and carries out a stop that is requested meanwhile.
    private func observeEnd(of run: RunIdentity) async throws -> RunEnd {
        let name = ContainerSpec.name(of: run)
        let listener = watch.listen(to: name)
        defer { watch.leave(listener) }
        while true {
            try Task.checkCancellation()
            var pause: Duration?
            do {
                switch try await observe(run) {
                case .started(.ended(let end)): return end
                case .started(.running): pause = try await carryOutStop(of: run, name)
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

    // MARK: Figures and addresses

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] {
        let known = live.withLock { $0 }
        let table = ProcessTable.read()
        return runs.reduce(into: [:]) { usage, run in
            guard let process = known[run]?.status.process, let first = table.entries[process] else { return }
            usage[run] = RunUsage(of: [first] + table.descendants(of: process))
        }
    }

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
        if geteuid() == 0, let address = live.withLock({ $0[run] })?.address {
            return ProbeTarget(host: address, port: inside)
        }
        return ProbeTarget(port: published ?? inside)
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

extension TaskDefinition {
    /// The names of the resources that the task declares.
    var declaredLimits: [String] {
        [("cpu", resources.millicores), ("memory", resources.memory), ("disk", resources.disk)]
            .filter { $0.1 > 0 }.map(\.0)
    }
}
