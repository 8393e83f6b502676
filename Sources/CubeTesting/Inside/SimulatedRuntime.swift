import CubeCore
import CubeErrors
import CubeTypes
import CubeWorker
import Synchronization

/// Runs that do only what a test says: without processes or ports, on the cluster's clock.
final class SimulatedRuntime: TaskRuntime {
    let kinds = [RuntimeKind.process]
    let exclusiveKinds = [RuntimeKind.process]
    let boot = "simulated"
    private let node: NodeName
    private let log: @Sendable (TaskID) -> TaskLog
    private let clock: ClusterClock
    private let state = Mutex(State())

    private struct State {
        var runs: [RunIdentity: Run] = [:]
        /// The reasons for which the programs of workloads cannot be started.
        var refusals: [WorkloadName: String] = [:]
        /// The workloads whose new runs are held unready.
        var held: Set<WorkloadName> = []
        /// The ends of the leases of exclusive tasks, on the boot-time clock, also of runs that have not started yet.
        var leases: [RunIdentity: Duration] = [:]

        /// Kills the run if its lease has ended.
        mutating func expire(_ run: RunIdentity, at now: Duration) {
            guard let end = leases[run], end <= now, runs[run]?.end == nil else { return }
            runs[run]?.end = .leaseLost
            runs[run]?.wake()
        }
    }

    fileprivate struct Run {
        let assignment: TaskAssignment
        let since: DurableInstant
        var behaviour: Behaviour
        /// The moment of the kill, if a stop was requested and the run ignores it.
        var killAt: ManualClock.Instant?
        var end: RunEnd?
        var watchers: [AsyncStream<Never>.Continuation] = []
    }

    /// The reactions of a run to its worker.
    struct Behaviour {
        var readiness: CheckOutcome = .passed
        var liveness: CheckOutcome = .passed
        var ignoresStop = false
        /// Whether the run is held unready, regardless of its check.
        var isHeld = false
    }

    /// - Parameter log: the output of a task.
    init(node: NodeName, clock: ClusterClock, log: @escaping @Sendable (TaskID) -> TaskLog) {
        self.node = node
        self.clock = clock
        self.log = log
    }

    func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String] { [] }

    func find(_ run: RunIdentity) -> RunState? {
        state.withLock { state in
            state.expire(run, at: clock.now.offset)
            return state.runs[run].map { found in found.end.map(RunState.ended) ?? .running(since: found.since) }
        }
    }

    func start(_ run: RunIdentity, of assignment: TaskAssignment) -> RunState {
        if let known = find(run) { return known }
        let now = clock.instant(boot: boot)
        return state.withLock { state in
            let definition = assignment.definition
            if let refusal = state.refusals[definition.name] { return .ended(.startFailed(refusal)) }
            var behaviour = Behaviour()
            if state.held.contains(definition.name) {
                guard definition.health.ready != nil else {
                    return .ended(
                        .startFailed("the test holds its readiness, but it has no ready check"))
                }
                behaviour.isHeld = true
            }
            // Earlier runs of the task have ended, and no one needs them any more.
            state.runs = state.runs.filter { $0.key.task != run.task || $0.value.end == nil }
            state.runs[run] = Run(assignment: assignment, since: now, behaviour: behaviour)
            return .running(since: now)
        }
    }

    func abandon(_ run: RunIdentity) -> RunState { find(run) ?? .ended(.neverStarted) }

    func stop(_ run: RunIdentity, _ policy: StopPolicy) {
        let ignores = state.withLock { state in
            guard let behaviour = state.runs[run]?.behaviour else { return false }
            if behaviour.ignoresStop, state.runs[run]?.killAt == nil {
                state.runs[run]?.killAt = clock.now.advanced(by: policy.grace)
                state.runs[run]?.wake()
            }
            return behaviour.ignoresStop
        }
        if !ignores { end(run, code: nil, signal: StopPolicy.signals[policy.signal].map { Int($0) } ?? 15) }
    }

    func change(_ run: RunIdentity, to policy: StopPolicy) {}

    func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) -> Bool {
        state.withLock { state in
            state.expire(run, at: now)
            if let found = state.runs[run], found.end != nil { return false }
            state.leases[run] = end
            state.runs[run]?.wake()
            return end != nil
        }
    }

    func end(of run: RunIdentity) async throws -> RunEnd {
        while true {
            try Task.checkCancellation()
            let (ends, watcher) = AsyncStream.makeStream(of: Never.self)
            let (end, killAt) = state.withLock { state in
                state.expire(run, at: clock.now.offset)
                guard let found = state.runs[run] else {
                    return (RunEnd?.some(.neverStarted), ManualClock.Instant?.none)
                }
                if found.end == nil { state.runs[run]?.watchers.append(watcher) }
                let leaseEnd = state.leases[run].map { clock.now.advanced(by: $0 - clock.now.offset) }
                return (found.end, [found.killAt, leaseEnd].compactMap(\.self).min())
            }
            if let end { return end }
            if let killAt, killAt <= clock.now {
                self.end(run, code: nil, signal: 9)
                continue
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in ends {} }
                // Cancelled if the run ends or changes first.
                if let killAt { group.addTask { try? await self.clock.sleep(until: killAt, tolerance: nil) } }
                await group.next()
                group.cancelAll()
            }
        }
    }

    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) -> CheckOutcome { .failed("a simulated task runs no commands") }

    func execute(
        _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
    ) async throws -> ExecEnd {
        ExecEnd(code: 126, message: "the simulated runtime runs no commands")
    }

    func removeSecrets(of assignment: TaskAssignment) {}

    /// Does nothing: a simulated task has no data.
    func removeVolume(_ volume: NodeVolume) {}

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] { [:] }
}

/// The test sets the results of all checks.
extension SimulatedRuntime: Prober {
    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome {
        state.withLock { state in
            guard let found = state.runs[run], found.end == nil else { return .failed("the task is not running") }
            guard kind == .ready else { return found.behaviour.liveness }
            return found.behaviour.isHeld ? .failed("held unready by the test") : found.behaviour.readiness
        }
    }
}

// MARK: - Actions of a test

extension SimulatedRuntime {
    /// The current runs, in no particular order.
    var running: [TestTask] {
        state.withLock { state in
            for run in state.leases.keys { state.expire(run, at: clock.now.offset) }
            return state.runs.compactMap { run, found in
                found.end == nil ? TestTask(run: run, assignment: found.assignment, node: node, runtime: self) : nil
            }
        }
    }

    func end(_ run: RunIdentity, code: Int?, signal: Int?) {
        let now = clock.instant(boot: boot)
        state.withLock { state in
            guard let found = state.runs[run], found.end == nil else { return }
            state.runs[run]?.end = .exited(
                TaskResult(code: code, signal: signal, at: now.wall), lasted: now.since(found.since))
            state.runs[run]?.wake()
        }
    }

    func change(_ run: RunIdentity, _ change: (inout Behaviour) -> Void) {
        state.withLock { state in
            guard var found = state.runs[run] else { return }
            change(&found.behaviour)
            state.runs[run] = found
        }
    }

    func refuse(_ workload: WorkloadName, because reason: String?) {
        state.withLock { $0.refusals[workload] = reason }
    }

    func hold(_ workload: WorkloadName) { state.withLock { _ = $0.held.insert(workload) } }

    /// Releases the current and future runs of a workload that are held unready.
    func release(_ workload: WorkloadName) {
        state.withLock { state in
            state.held.remove(workload)
            for (run, found) in state.runs where found.assignment.definition.name == workload {
                state.runs[run]?.behaviour.isHeld = false
            }
        }
    }

    func write(_ text: String, to run: RunIdentity) throws {
        try log(run.task).append(Array(text.utf8))
    }
}

extension SimulatedRuntime.Run {
    fileprivate mutating func wake() {
        for watcher in watchers { watcher.finish() }
        watchers = []
    }
}
