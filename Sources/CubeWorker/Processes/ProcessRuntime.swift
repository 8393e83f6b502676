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

/// Runs tasks as processes of this machine, each under a supervisor of its own that outlives the worker.
final class ProcessRuntime: TaskRuntime {
    let name = "process"
    let boot: String
    private let store: WorkerStore
    private let supervisor: String
    private let secrets: SecretDirectory
    /// The directories above the worker's own that lead to the tasks and are Cube's, from the data directory on.
    private let passage: [String]
    private let now: @Sendable () -> DurableInstant
    private let logger: Logger
    /// The supervisors of the runs that were found alive.
    private let alive = Mutex<[RunIdentity: ProcessDescriptor]>([:])

    init(
        store: WorkerStore, supervisor: String, boot: String, secrets: SecretDirectory, passage: [String] = [],
        now: @escaping @Sendable () -> DurableInstant, logger: Logger
    ) {
        self.store = store
        self.supervisor = supervisor
        self.boot = boot
        self.secrets = secrets
        self.passage = passage
        self.now = now
        self.logger = logger
    }

    /// Nothing holds a process to a limit yet.
    func notEnforced(_ definition: TaskDefinition) -> [String] {
        let declared = definition.resources
        return [("cpu", declared.millicores), ("memory", declared.memory), ("disk", declared.disk)]
            .filter { $0.1 > 0 }.map(\.0)
    }

    // MARK: Finding out

    func find(_ run: RunIdentity) async throws -> RunState? {
        let directory = directory(of: run)
        // Before the lock is looked at: an outcome that was made under it, while it is free now, is a last word.
        let hadOutcome = directory.hasOutcome
        guard let supervisor = try directory.supervisor() else {
            return hadOutcome ? .ended(try await conclude(run)) : nil
        }
        let outcome = try directory.outcome()
        if outcome?.state == .failed {
            try await supervisor.end()
            return .ended(try await conclude(run))
        }
        alive.withLock { $0[run] = supervisor }
        let began = outcome.flatMap { $0.state == .starting ? nil : $0.beginning(boot: run.boot) }
        return .running(since: began ?? now())
    }

    /// What the files of a run say that has no supervisor any more. Remains of it are killed first.
    private func conclude(_ run: RunIdentity) async throws -> RunEnd {
        let outcome = try directory(of: run).outcome()
        if run.boot == boot, outcome?.swept != true {
            let leftovers = Leftovers(
                task: run.task, program: outcome?.program ?? 0, startTicks: outcome?.startTicks ?? 0)
            guard await offQueue({ leftovers.kill() }) else {
                throw APIError(.unavailable, "\(run.task): some of its processes cannot be killed")
            }
        }
        return switch outcome?.state {
        // Ended with the machine, however politely.
        case .exited where outcome!.unasked && run.boot != boot: .rebooted
        case .exited: .exited(outcome!.result, lasted: outcome!.lasted)
        case .failed: .startFailed(outcome!.message)
        case .abandoned: .neverStarted
        case .starting, .running, nil: run.boot == boot ? .supervisorLost : .rebooted
        }
    }

    func end(of run: RunIdentity) async throws -> RunEnd {
        if let supervisor = alive.withLock({ $0[run] }) { try await supervisor.end() }
        let end = try await conclude(run)
        alive.withLock { $0[run] = nil }
        return end
    }

    // MARK: Starting and stopping

    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        if let state = try await find(run) { return state }
        // What was written last before the machine went down may be lost: it may have been started then.
        guard run.boot == boot else { return .ended(.rebooted) }

        do {
            try prepare(run, assignment)
        } catch let refusal as StartRefusal {
            return try await giveUp(run, because: refusal.description)
        }
        let spawned = try Spawned(supervisor, [directory(of: run).path])
        let message = try await spawned.lastWords()
        let state = try await find(run)
        if case .running = state { return state! }
        try await spawned.process.end()
        if let state { return state }
        throw APIError(.unavailable, "the supervisor did not start: \(message.isEmpty ? "no reason given" : message)")
    }

    func abandon(_ run: RunIdentity) async throws -> RunState {
        if let state = try await find(run) { return state }
        guard run.boot == boot else { return .ended(.rebooted) }
        do {
            try makeRunDirectory(run)
            return try await giveUp(run, because: nil)
        } catch let error as APIError where error.reason == .storageFull && !directory(of: run).hasLaunch {
            // Without `launch` no supervisor starts anything, and this worker writes it no more.
            return .ended(.neverStarted)
        }
    }

    /// Ends a run that was not started, unless an earlier worker's supervisor just starts it.
    private func giveUp(_ run: RunIdentity, because failure: String?) async throws -> RunState {
        try directory(of: run).abandon(failure, reserve: store.reserve)
        guard let state = try await find(run) else {
            throw APIError(.internal, "\(directory(of: run).path): has no outcome, though it was given one")
        }
        return state
    }

    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws {
        do {
            try directory(of: run).write(order: policy)
        } catch let error as APIError where error.reason == .storageFull {
            // Without it the supervisor goes by what the run was started with.
            logger.error("\(run.task): the disk is full, so it is asked to end as it was when it started")
        }
        try alive.withLock { $0[run] }?.signal(SIGTERM)
    }

    func change(_ run: RunIdentity, to policy: StopPolicy) throws { try directory(of: run).write(policy: policy) }

    /// Writes all that the supervisor needs to know.
    func prepare(_ run: RunIdentity, _ assignment: TaskAssignment) throws {
        try makeRunDirectory(run)
        let launch = try launch(assignment, assignment.definition.command)
        let work = work(of: run.task)
        try LocalFiles.makeDirectory(work)
        if let user = launch.user { try give(work, of: run.task, to: user) }
        try TaskDirectory.write(try contents(of: assignment.definition), in: work, owner: launch.user)
        try LocalFiles.makeDirectory(launch.logs)
        try store.saveCopy(
            .placement(SupervisedPlacement(assignment, boot: run.boot, run: run.number)), in: directory(of: run))
        try directory(of: run).write(launch)
    }

    func removeSecrets(of assignment: TaskAssignment) throws {
        if let trace = try store.trace(of: assignment.id), trace.supervisor == nil {
            try trace.directory.removeLaunch()
        }
        let secrets = assignment.definition.files.filter { $0.source.secret != nil }
        try TaskDirectory.remove(secrets, in: work(of: assignment.id))
    }

    /// Gives a user the directory of a task, and the way to it.
    private func give(_ work: String, of task: TaskID, to user: TaskUser) throws {
        guard chown(work, user.id, user.group) == 0 else { throw Errno(rawValue: errno) }
        guard user.id != geteuid() else { return }
        let way = passage + [store.directory, "\(store.directory)/tasks", store.directory(of: task)]
        try Passage.open(way)
        if let obstacle = Passage.obstacle(to: work, for: user) {
            logger.warning(
                """
                \(work): user \(user.id) cannot pass through \(obstacle), so a program that uses the whole path of its \
                directory fails; `chmod o+x \(obstacle)`, or use another --data-dir
                """)
        }
    }

    /// How a program of a task is run.
    ///
    /// - Throws: a `StartRefusal`.
    private func launch(_ assignment: TaskAssignment, _ command: [String]) throws -> RunDirectory.Launch {
        let definition = assignment.definition
        let user = try definition.user.flatMap { name throws(StartRefusal) in try TaskUser.named(name) }
        let environment = TaskEnvironment(
            assignment, files: try variables(of: definition), home: (user ?? TaskUser.current())?.home ?? "/")
        let arguments = command.map(environment.expand)
        if let problem = ProgramLimits.problem(
            command: Array(zip(command, arguments)), variables: environment.variables, stack: Machine.stackLimit)
        {
            throw StartRefusal(description: problem)
        }
        return RunDirectory.Launch(
            arguments: arguments, program: command.first ?? "", environment: environment.entries,
            workingDirectory: definition.workingDirectory ?? work(of: assignment.id), user: user,
            forbidsNewPrivileges: definition.forbidsNewPrivileges,
            logs: store.logs(of: assignment.id), stop: definition.stop)
    }

    /// The files of the task, with what is in them now.
    private func contents(of definition: TaskDefinition) throws -> [(file: TaskFile, bytes: [UInt8])] {
        try definition.files.map { ($0, try secrets.content(of: $0.source)) }
    }

    private func variables(of definition: TaskDefinition) throws -> [[String: String]] {
        try definition.envFrom.map { source in
            switch EnvironmentFile.read(try secrets.content(of: source)) {
            case .success(let variables): return variables
            case .failure(let problem): throw StartRefusal(description: "env_from: \(problem.text(in: source.name))")
            }
        }
    }

    private func work(of task: TaskID) -> String { "\(store.directory(of: task))/work" }

    /// Earlier runs of the task go: their ends stand in the task's record, or this run would not be due.
    private func makeRunDirectory(_ run: RunIdentity) throws {
        let (runs, own) = (store.runs(of: run.task), name(of: run))
        for name in try LocalFiles.names(in: runs) where name != own {
            // Whatever the record says: there is never a second instance.
            if let supervisor = try RunDirectory(path: "\(runs)/\(name)").supervisor() {
                throw APIError(
                    .unavailable, "\(run.task): run \(name) has not ended, supervisor \(supervisor.id) watches over it")
            }
            try LocalFiles.remove("\(runs)/\(name)")
        }
        try LocalFiles.makeDirectory(runs)
        try LocalFiles.makeDirectory("\(runs)/\(own)")
    }

    private func name(of run: RunIdentity) -> String { "\(run.placement)-\(run.number)" }
    private func directory(of run: RunIdentity) -> RunDirectory {
        RunDirectory(path: "\(store.runs(of: run.task))/\(name(of: run))")
    }

    // MARK: Checking

    /// A supervisor of its own runs the check, so that user, directory and environment are those of the task, and nothing of
    /// it stays. It is beside the run: the run's own supervisor knows nothing of it, and no file does either.
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome {
        var launch = try launch(assignment, command)
        launch.timeout = timeout
        // What is left of it has as long again, and never longer than what is left of the task.
        launch.stop = StopPolicy(grace: min(assignment.definition.stop.grace, timeout))
        // Read from its beginning whatever its position; it holds the values of `env`, which belong on no disk.
        let input = FileDescriptor(rawValue: cube_memory_file())
        guard input.rawValue >= 0 else { throw Errno(rawValue: errno) }
        let spawned = try input.closeAfter {
            _ = try input.writeAll(launch.bytes)
            return try Spawned(supervisor, ["check", run.task.rawValue], input: input)
        }
        // Waited for in any case, so that no zombie stays.
        let words = try await withTaskCancellationHandler {
            try await Task {
                let words = try await spawned.lastWords()
                try await spawned.process.end()
                return words
            }.value
        } onCancel: {
            // One that has ended, or cannot be signalled, ends by its own time.
            try? spawned.process.signal(SIGTERM)
        }
        if words == "passed" { return .passed }
        return .failed(words.isEmpty ? "the check was killed" : words)
    }

    // MARK: Figures

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] {
        let supervisors = alive.withLock { $0 }
        let table = ProcessTable.read()
        let (ticks, page) = (Double(sysconf(Int32(_SC_CLK_TCK))), sysconf(Int32(_SC_PAGESIZE)))
        var usage: [RunIdentity: RunUsage] = [:]
        for run in runs {
            guard let supervisor = supervisors[run] else { continue }
            usage[run] = table.descendants(of: supervisor.id).reduce(into: RunUsage()) { sum, entry in
                sum.processes += 1
                sum.cpuSeconds += Double(entry.cpuTicks) / ticks
                sum.memoryBytes += entry.residentPages * page
            }
        }
        return usage
    }
}

/// Does slow work without keeping the caller's queue.
private func offQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
