import CubeCore
import CubeErrors
import CubeLinux
import CubeSystem
import CubeTypes
import Dispatch
import Glibc
import Logging
import Synchronization
import SystemPackage

/// Runs tasks as processes of this machine. Each has its own supervisor process, which outlives the worker.
final class ProcessRuntime: TaskRuntime {
    let kinds = [RuntimeKind.process]
    let boot: String
    let store: WorkerStore
    let supervisor: String
    private let secrets: SecretDirectory
    /// The directories that lead to the worker's own and belong to Cube, from the data directory down.
    private let passage: [String]
    private let now: @Sendable () -> DurableInstant
    let logger: Logger
    /// The control groups that hold runs to their limits.
    let groups: ControlGroups
    /// The live runs.
    private let alive = Mutex<[RunIdentity: LiveRun]>([:])

    /// The leases of the runs that are about to start.
    let leases = Mutex<[RunIdentity: Duration]>([:])

    struct LiveRun {
        var supervisor: ProcessDescriptor
        var enforcement: RunDirectory.Enforcement
        /// Whether the supervisor ends the program when its lease ends.
        var knowsLeases: Bool
    }

    init(
        store: WorkerStore, supervisor: String, boot: String, secrets: SecretDirectory, passage: [String] = [],
        groups: ControlGroups = .none, now: @escaping @Sendable () -> DurableInstant, logger: Logger
    ) {
        self.store = store
        self.supervisor = supervisor
        self.boot = boot
        self.secrets = secrets
        self.passage = passage
        self.groups = groups
        self.now = now
        self.logger = logger
    }

    func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String] {
        var enforced = Set(run.flatMap(live)?.enforcement.limits ?? groups.abilities.enforced)
        // A process cannot have more open files than its worker.
        if definition.limits.openFiles.map({ UInt64($0) <= OpenFileLimit.hard }) == true {
            enforced.insert("limits.open_files")
        }
        let isGuarded = !definition.exclusive || run.flatMap(live)?.knowsLeases ?? true
        return definition.limits.names.filter { !enforced.contains($0) } + (isGuarded ? [] : ["exclusive"])
    }

    func live(_ run: RunIdentity) -> LiveRun? { alive.withLock { $0[run] } }

    // MARK: Finding out

    func find(_ run: RunIdentity) async throws -> RunState? {
        let directory = directory(of: run)
        // Checked before the lock: an outcome that exists while the lock is free is final, as it was created under the lock.
        let hadOutcome = directory.hasOutcome
        guard let supervisor = try directory.supervisor() else {
            return hadOutcome ? .ended(try await conclude(run)) : nil
        }
        let outcome = try directory.outcome()
        if outcome?.state == .failed {
            try await supervisor.end()
            return .ended(try await conclude(run))
        }
        let live = LiveRun(
            supervisor: supervisor, enforcement: try directory.enforcement(),
            knowsLeases: outcome?.knowsLeases ?? true)
        alive.withLock { $0[run] = live }
        let began = outcome.flatMap { $0.state == .starting ? nil : $0.beginning(boot: run.boot) }
        return .running(since: began ?? now())
    }

    /// Determines how a run without a supervisor ended. Kills its remaining processes first.
    private func conclude(_ run: RunIdentity) async throws -> RunEnd {
        let outcome = try directory(of: run).outcome()
        let groups = try directory(of: run).enforcement().groups
        if run.boot == boot, outcome?.swept != true {
            let leftovers = Leftovers(
                task: run.task, program: outcome?.program ?? 0, startTicks: outcome?.startTicks ?? 0, groups: groups)
            guard await offQueue({ leftovers.kill() }) else {
                throw APIError(.unavailable, "\(run.task): cannot kill some processes of its last run")
            }
        }
        self.groups.remove(groups)
        leases.withLock { $0[run] = nil }
        return switch outcome?.state {
        case .exited where outcome!.isLeaseLost, .failed where outcome!.isLeaseLost: .leaseLost
        // The shutdown of the machine ended the program, even if it exited cleanly.
        case .exited where outcome!.unasked && run.boot != boot: .rebooted
        case .exited: .exited(outcome!.result, lasted: outcome!.lasted)
        case .failed: .startFailed(outcome!.message)
        case .abandoned: .neverStarted
        case .starting, .running, nil: run.boot == boot ? .supervisorLost : .rebooted
        }
    }

    func end(of run: RunIdentity) async throws -> RunEnd {
        if let supervisor = live(run)?.supervisor { try await supervisor.end() }
        let end = try await conclude(run)
        alive.withLock { $0[run] = nil }
        return end
    }

    // MARK: Starting and stopping

    /// Starts wait for the disk, and for the kernel to execute the supervisor, which must delay neither each other nor the calls of the
    /// manager.
    private static let starters = BlockingThreads("cube-worker-starts", count: 4)

    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        if let state = try await find(run) { return state }
        // A loss of power may have erased the latest writes, so the run may have been started before the reboot.
        guard run.boot == boot else { return .ended(.rebooted) }

        let spawned: Spawned
        do {
            spawned = try await Self.starters.run {
                try self.prepare(run, assignment)
                return try Spawned(self.supervisor, [self.directory(of: run).path])
            }
        } catch let refusal as StartRefusal {
            return try await giveUp(run, because: refusal.description)
        }
        let message = try await spawned.errorOutput()
        let state = try await find(run)
        if case .running = state { return state! }
        try await spawned.process.end()
        if let state { return state }
        throw APIError(.unavailable, "the supervisor did not start: \(message.isEmpty ? "it gave no reason" : message)")
    }

    func abandon(_ run: RunIdentity) async throws -> RunState {
        if let state = try await find(run) { return state }
        guard run.boot == boot else { return .ended(.rebooted) }
        do {
            try makeRunDirectory(run)
            return try await giveUp(run, because: nil)
        } catch let error as APIError where error.reason == .storageFull && !directory(of: run).hasLaunch {
            // No supervisor starts anything without `launch`, and this worker will not write that file.
            return .ended(.neverStarted)
        }
    }

    /// Marks a run as never to be started, unless the supervisor of an earlier worker is starting it now.
    private func giveUp(_ run: RunIdentity, because failure: String?) async throws -> RunState {
        try directory(of: run).abandon(failure, reserve: store.reserve)
        guard let state = try await find(run) else {
            throw APIError(
                .internal, "\(directory(of: run).path): the outcome of the run was written but cannot be found")
        }
        return state
    }

    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws {
        do {
            try directory(of: run).write(order: policy)
        } catch let error as APIError where error.reason == .storageFull {
            // If the file with the stop order is missing, the supervisor uses the stop policy that the run was started with.
            logger.error("\(run.task): the disk is full, so the task is stopped by the policy with which it started")
        }
        try live(run)?.supervisor.signal(SIGTERM)
    }

    func change(_ run: RunIdentity, to policy: StopPolicy) throws { try directory(of: run).write(policy: policy) }

    /// Writes everything that the supervisor needs to start the run.
    func prepare(_ run: RunIdentity, _ assignment: TaskAssignment) throws {
        try makeRunDirectory(run)
        var launch = try launch(assignment, assignment.definition.command)
        let work = work(of: run.task)
        try LocalFiles.makeDirectory(work)
        if let user = launch.user { try give(work, of: run.task, to: user) }
        try TaskDirectory.write(try secrets.contents(of: assignment.definition), in: work, owner: launch.user)
        let hasOutput = try !LocalFiles.makeDirectory(launch.logs)
        try store.saveCopy(
            .placement(SupervisedPlacement(assignment, boot: run.boot, run: run.number)), in: directory(of: run))
        guard !directory(of: run).hasLaunch else { return }
        // Before the file that lets the run start: later, this run may be within a line itself.
        if hasOutput { try TaskLog(directory: launch.logs).endLine() }
        if assignment.definition.exclusive {
            launch.isLeased = true
            guard let end = leases.withLock({ $0[run] }) else {
                throw APIError(.unavailable, "\(run.task): an exclusive task cannot start without a lease")
            }
            try directory(of: run).write(lease: end)
        }
        launch.enforcement = try makeGroups(run, assignment.definition.limits)
        do { try directory(of: run).write(launch) } catch {
            groups.remove(launch.enforcement.groups)
            throw error
        }
    }

    /// Does nothing: processes have no volumes.
    func removeVolume(_ volume: NodeVolume) {}

    func removeSecrets(of assignment: TaskAssignment) throws {
        if let trace = try store.trace(of: assignment.id), trace.supervisor == nil {
            try trace.directory.removeLaunch()
        }
        groups.remove()
        let secrets = assignment.definition.files.filter { $0.source.secret != nil }
        try TaskDirectory.remove(secrets, in: work(of: assignment.id))
    }

    /// Gives a user the working directory of a task and access to it.
    private func give(_ work: String, of task: TaskID, to user: TaskUser) throws {
        guard chown(work, user.id, user.group) == 0 else { throw Errno(rawValue: errno) }
        guard user.id != geteuid() else { return }
        let way = passage + [store.directory, "\(store.directory)/tasks", store.directory(of: task)]
        try TraversalAccess.grant(on: way)
        if let obstacle = TraversalAccess.obstacle(to: work, for: user) {
            logger.warning(
                """
                \(work): user \(user.id) cannot traverse \(obstacle), so programs that use the absolute path of their \
                working directory fail; run `chmod o+x \(obstacle)` or use another --data-dir
                """)
        }
    }

    /// Returns the launch parameters of a program of a task.
    ///
    /// - Parameter more: the additional variables of a command beside the program, whose words are not expanded; `nil` for a command
    ///   of the definition.
    /// - Parameter run: the live run in whose control groups the program runs; `nil` for a program that gets its own.
    /// - Throws: `StartRefusal`.
    func launch(
        _ assignment: TaskAssignment, _ command: [String], adding more: [String: String]? = nil,
        in run: RunIdentity? = nil
    ) throws -> RunDirectory.Launch {
        let definition = assignment.definition
        let user = try definition.user.flatMap { name throws(StartRefusal) in try TaskUser.named(name) }
        var environment = TaskEnvironment(
            assignment, files: try secrets.variables(of: definition), home: (user ?? TaskUser.current())?.home ?? "/")
        // A command that a person typed was expanded by a shell, if at all.
        let arguments = more == nil ? command.map(environment.expand) : command
        environment.merge(more ?? [:])
        if let problem = ProgramLimits.problem(
            command: Array(zip(command, arguments)), variables: environment.variables, stack: Machine.stackLimit)
        {
            throw StartRefusal(description: problem)
        }
        return RunDirectory.Launch(
            arguments: arguments, program: command.first ?? "", environment: environment.entries,
            workingDirectory: definition.workingDirectory ?? work(of: assignment.id), user: user,
            forbidsNewPrivileges: definition.forbidsNewPrivileges, openFiles: definition.limits.openFiles,
            enforcement: run.flatMap(live)?.enforcement ?? RunDirectory.Enforcement(),
            logs: store.logs(of: assignment.id), stop: definition.stop)
    }

    private func work(of task: TaskID) -> String { "\(store.directory(of: task))/work" }

    /// Creates the directory of a run and removes those of earlier runs, whose ends are in the task's record:
    /// otherwise, this run would not be due.
    private func makeRunDirectory(_ run: RunIdentity) throws {
        let (runs, own) = (store.runs(of: run.task), name(of: run))
        for name in try LocalFiles.names(in: runs) where name != own {
            // Checked regardless of the record, so that there is never a second instance.
            if let supervisor = try RunDirectory(path: "\(runs)/\(name)").supervisor() {
                throw APIError(
                    .unavailable, "\(run.task): run \(name) has not ended (supervisor \(supervisor.id))")
            }
            groups.remove(try RunDirectory(path: "\(runs)/\(name)").enforcement().groups)
            try LocalFiles.remove("\(runs)/\(name)")
        }
        try LocalFiles.makeDirectory(runs)
        try LocalFiles.makeDirectory("\(runs)/\(own)")
    }

    private func name(of run: RunIdentity) -> String { "\(run.placement)-\(run.number)" }
    func directory(of run: RunIdentity) -> RunDirectory {
        RunDirectory(path: "\(store.runs(of: run.task))/\(name(of: run))")
    }

    // MARK: Checking

    /// Runs the check under a separate supervisor, which applies the user, directory and environment of the task and
    /// leaves no process behind. The run's own supervisor and the files of the run are not involved.
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome {
        var launch = try launch(assignment, command, in: run)
        launch.timeout = timeout
        // Processes that outlive the check get as long again to end, but no longer than the grace period of the task.
        launch.stop = StopPolicy(grace: min(assignment.definition.stop.grace, timeout))
        // The supervisor reads the file from offset 0. It stays in memory because it contains `env` values, which must
        // not be on a disk.
        let input = FileDescriptor(rawValue: cube_memory_file())
        guard input.rawValue >= 0 else { throw Errno(rawValue: errno) }
        let spawned = try input.closeAfter {
            _ = try input.writeAll(launch.bytes)
            return try Spawned(supervisor, ["check", run.task.rawValue], input: input)
        }
        // The child is reaped even after cancellation, so that no zombie stays.
        let words = try await withTaskCancellationHandler {
            try await Task {
                let words = try await spawned.errorOutput()
                try await spawned.process.end()
                return words
            }.value
        } onCancel: {
            // A check that cannot be signalled ends by its own timeout.
            try? spawned.process.signal(SIGTERM)
        }
        if words == "passed" { return .passed }
        return .failed(words.isEmpty ? "the check was killed" : words)
    }

    // MARK: Figures

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] {
        let alive = alive.withLock { $0 }
        let table = ProcessTable.read()
        var usage: [RunIdentity: RunUsage] = [:]
        for run in runs {
            guard let live = alive[run] else { continue }
            let supervisor = live.supervisor.id
            usage[run] = RunUsage(of: table.descendants(of: supervisor), under: table.entries[supervisor])
            // The control group counts shared pages once, and also what the limit counts beside the pages of processes.
            guard let memory = ControlGroups.memory(of: live.enforcement.groups) else { continue }
            usage[run]?.memoryBytes = memory.used
            usage[run]?.memoryLimitBytes = memory.limit
        }
        return usage
    }
}

/// Runs blocking work on a global queue instead of the caller's.
private func offQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
