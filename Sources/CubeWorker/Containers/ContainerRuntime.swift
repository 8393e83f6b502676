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
    private let worker: NodeName
    private let secrets: SecretDirectory
    private let pulls = ImagePulls()
    /// The first processes of the live containers.
    private let processes = Mutex<[RunIdentity: Int32]>([:])

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
        let state = try await observe(run)
        // Afterwards, the container may be removed.
        if case .ended = state { await output(of: run).copyToEnd() }
        return state
    }

    /// Asks the engine for the state of a run.
    private func observe(_ run: RunIdentity) async throws -> RunState? {
        guard let container = try await engine.container(ContainerSpec.name(of: run)) else {
            guard let root = try directory(of: run).engineOfStart() else { return nil }
            let present = try await engine.identify().root
            guard root == present else {
                throw EngineError.unreachable(
                    socket: engine.socket,
                    cause:
                        "it is another engine, with its data in \(present); the container was started by the engine with its "
                        + "data in \(root)")
            }
            return .ended(run.boot == boot ? .containerRemoved : .rebooted)
        }
        processes.withLock { $0[run] = container.status.process }
        return container.status.state(of: run, boot: boot, now: now())
    }

    /// How long the rest of the output of an ended run may take to arrive.
    private static let outputLimit = Duration.seconds(20)

    func end(of run: RunIdentity) async throws -> RunEnd {
        enum Event { case ended(RunEnd), outputIsComplete, outputIsLate }
        let (output, clock) = (output(of: run), clock)
        let end = try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                await output.follow()
                return .outputIsComplete
            }
            group.addTask { .ended(try await self.observeEnd(of: run)) }
            defer { group.cancelAll() }
            var (end, isComplete): (RunEnd?, Bool) = (nil, false)
            while end == nil || !isComplete, let event = try await group.next() {
                switch event {
                case .ended(let seen):
                    end = seen
                    group.addTask {
                        try await clock.sleep(for: Self.outputLimit)
                        return .outputIsLate
                    }
                case .outputIsComplete: isComplete = true
                case .outputIsLate:
                    logger.warning("\(run.task): the rest of its output did not arrive in \(Self.outputLimit.text)")
                    isComplete = true
                }
            }
            guard let end else { throw CancellationError() }
            return end
        }
        processes.withLock { $0[run] = nil }
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
                case .ended(let end): return end
                case .running: pause = try await carryOutStop(of: run, name)
                case nil:
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

    // MARK: Starting

    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        if let state = try await find(run) { return state }
        guard run.boot == boot else { return .ended(.rebooted) }
        let name = ContainerSpec.name(of: run)
        do {
            try await removeEarlierRuns(than: run)
            try directory(of: run).make()
            try await create(try spec(run, assignment))
            try store.save(engineSocket: engine.socket)
            try directory(of: run).markStarted(by: try await engine.identify().root)
            try await engine.start(name)
        } catch let refusal as StartRefusal {
            return .ended(.startFailed(refusal.description))
        } catch EngineError.refused(_, let message) {
            // The engine cannot create or start this container. Whatever the reason is, the restart policy decides when to retry.
            return .ended(.startFailed(ContainerStatus.readable(message)))
        }
        guard let state = try await find(run) else {
            throw APIError(.unavailable, "\(run.task): container \(name) has not started yet")
        }
        return state
    }

    /// Creates the container of a run unless it exists, and pulls its image if it is missing.
    private func create(_ spec: ContainerSpec) async throws {
        do {
            try await engine.create(spec)
        } catch let error as EngineError where error.isConflict {
            // An earlier request, whose response was lost, created the container.
        } catch let error as EngineError where error.isNotFound {
            try await pulls.pull(spec.image, with: engine, logger)
            do {
                try await engine.create(spec)
            } catch let error as EngineError where error.isConflict {
            }
        }
    }

    private func spec(_ run: RunIdentity, _ assignment: TaskAssignment) throws -> ContainerSpec {
        let definition = assignment.definition
        let files = try secrets.contents(of: definition)
        let staging = FilePath(staging(of: run.task))
        if !files.isEmpty { try LocalFiles.makeDirectory(staging.string) }
        var mounted: [ContainerSpec.MountedFile] = []
        for (index, (file, bytes)) in files.enumerated() {
            try LocalFiles.write(bytes, to: "\(index)", in: staging.string, durably: false)
            let path = staging.appending("\(index)").string
            guard chmod(path, mode_t(file.mode)) == 0 else { throw Errno(rawValue: errno) }
            mounted.append(ContainerSpec.MountedFile(source: path, target: file.target))
        }
        return ContainerSpec(
            run, of: assignment, on: worker, in: store.directory, variables: try secrets.variables(of: definition),
            files: mounted)
    }

    /// Removes the containers of earlier runs, whose ends are in the task's record: otherwise, this run would not be due.
    ///
    /// - Throws: if an earlier run is alive, so that there is never a second instance.
    private func removeEarlierRuns(than run: RunIdentity) async throws {
        let own = ContainerSpec.name(of: run)
        for container in try await containers(of: run.task) where container.name != own {
            guard let name = container.name else { continue }
            guard container.state != "running" else {
                throw APIError(.unavailable, "\(run.task): an earlier run has not ended (container \(name))")
            }
            try await engine.remove(name)
        }
    }

    private func containers(of task: TaskID) async throws -> [EngineClient.ListedContainer] {
        try await engine.containers(with: [
            ContainerSpec.Label.task: task.rawValue, ContainerSpec.Label.worker: worker.rawValue,
        ])
    }

    // MARK: Stopping

    func abandon(_ run: RunIdentity) async throws -> RunState {
        if let state = try await find(run) { return state }
        // The container was created but not started, or a request to create it is under way, which never starts it.
        try await engine.remove(ContainerSpec.name(of: run))
        return .ended(.neverStarted)
    }

    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws {
        let directory = directory(of: run)
        var stop = try directory.stop() ?? ContainerDirectory.Stop(policy: policy, requestedAt: now())
        stop.policy = policy
        try directory.write(stop)
        watch.ring(ContainerSpec.name(of: run))
    }

    /// Does nothing: the policy is applied when a stop is requested, and a container ends as a whole when its program exits.
    func change(_ run: RunIdentity, to policy: StopPolicy) throws {}

    /// Sends the signal that is due to a run.
    ///
    /// - Returns: the time until the next signal is due; `nil` if no stop was requested.
    private func carryOutStop(of run: RunIdentity, _ name: String) async throws -> Duration? {
        guard var stop = try directory(of: run).stop() else { return nil }
        if !stop.isSignalled {
            try await engine.kill(name, signal: stop.policy.signal)
            stop.isSignalled = true
            try directory(of: run).write(stop)
        }
        let rest = stop.deadline.remaining(at: now())
        guard rest == .zero else { return rest }
        try await engine.kill(name, signal: "SIGKILL")
        return .seconds(1)
    }

    func removeSecrets(of assignment: TaskAssignment) async throws {
        try LocalFiles.remove(staging(of: assignment.id))
        for container in try await containers(of: assignment.id) where container.state != "running" {
            if let name = container.name { try await engine.remove(name) }
        }
    }

    // MARK: Checking and figures

    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome {
        let execution = Mutex<String?>(nil)
        let engine = engine
        let result = try await clock.within(timeout) {
            try await engine.exec(command, in: ContainerSpec.name(of: run), outputBytes: 4096) { id in
                execution.withLock { $0 = id }
            }
        }
        guard let result else {
            await killExecution(execution.withLock { $0 })
            return .failed("timed out after \(timeout.milliseconds) ms")
        }
        if result.exitCode == 0 { return .passed }
        let line = result.output.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) }
        return .failed("exit code \(result.exitCode)" + (line.map { ": \($0)" } ?? ""))
    }

    /// Kills a command in a container. The API offers no way to do so, but its process runs on this machine.
    private func killExecution(_ id: String?) async {
        do {
            guard let id else { return }
            let execution = try await engine.exec(id)
            if execution.exitCode == nil, execution.pid > 1 { kill(execution.pid, SIGKILL) }
        } catch {
            logger.warning("cannot kill a check that timed out: \(error)")
        }
    }

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] {
        let known = processes.withLock { $0 }
        let table = ProcessTable.read()
        return runs.reduce(into: [:]) { usage, run in
            guard let process = known[run], let first = table.entries[process] else { return }
            usage[run] = RunUsage(of: [first] + table.descendants(of: process))
        }
    }

    /// Returns the address of the container's own port if the container has an address that this worker can reach. Otherwise the
    /// published port of the node, where a proxy of the engine may accept connections for a program that does not listen.
    func address(
        of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment
    ) async throws -> ProbeTarget? {
        let declared = assignment.definition.ports.first { port == .name($0.name) }
        let published = declared.flatMap { assignment.ports[$0.name] }
        let inside: Int?
        switch port {
        case .number(let number): inside = number
        case .name: inside = declared?.container ?? published
        }
        guard let inside else { return nil }
        // An engine without root keeps the addresses of its containers in a network of its own.
        if geteuid() == 0, let address = try await engine.container(ContainerSpec.name(of: run))?.address {
            return ProbeTarget(host: address, port: inside)
        }
        return ProbeTarget(port: published ?? inside)
    }

    // MARK: Files

    private func directory(of run: RunIdentity) -> ContainerDirectory {
        ContainerDirectory(path: "\(store.runs(of: run.task))/\(run.placement)-\(run.number)")
    }

    /// The directory of the files that are mounted into the containers of a task.
    private func staging(of task: TaskID) -> String { "\(store.directory(of: task))/files" }

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
