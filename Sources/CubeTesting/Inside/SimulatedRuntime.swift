import CubeCore
import CubeErrors
import CubeTypes
import CubeWorker
import Synchronization

/// Runs that do what a test says, and nothing else: no process, no port, no time but the clock's.
final class SimulatedRuntime: TaskRuntime {
    let name = "process"
    let boot = "simulated"
    private let node: NodeName
    private let log: @Sendable (TaskID) -> TaskLog
    private let clock: ClusterClock
    private let state = Mutex(State())

    private struct State {
        var runs: [RunIdentity: Run] = [:]
        /// Why programs of a workload cannot be started.
        var refusals: [WorkloadName: String] = [:]
        /// The workloads whose new runs are not ready.
        var held: Set<WorkloadName> = []
    }

    fileprivate struct Run {
        let assignment: TaskAssignment
        let since: DurableInstant
        var behaviour: Behaviour
        /// When it is killed, once it was asked to end and does not.
        var killAt: ManualClock.Instant?
        var end: RunEnd?
        var watchers: [AsyncStream<Never>.Continuation] = []
    }

    /// How a run answers what the worker does to it.
    struct Behaviour {
        var readiness: CheckOutcome = .passed
        var liveness: CheckOutcome = .passed
        var ignoresStop = false
        /// Whether it is not ready yet, whatever its check would say.
        var isHeld = false
    }

    /// - Parameter log: the output of a task.
    init(node: NodeName, clock: ClusterClock, log: @escaping @Sendable (TaskID) -> TaskLog) {
        self.node = node
        self.clock = clock
        self.log = log
    }

    func notEnforced(_ definition: TaskDefinition) -> [String] { [] }

    func find(_ run: RunIdentity) -> RunState? {
        state.withLock { state in
            state.runs[run].map { found in found.end.map(RunState.ended) ?? .running(since: found.since) }
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
                        .startFailed("the test holds its readiness, and without a ready check it is ready at once"))
                }
                behaviour.isHeld = true
            }
            // An earlier run of the task has ended, and nobody asks for it any more.
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

    func end(of run: RunIdentity) async throws -> RunEnd {
        while true {
            try Task.checkCancellation()
            let (ends, watcher) = AsyncStream.makeStream(of: Never.self)
            let (end, killAt) = state.withLock { state in
                guard let found = state.runs[run] else {
                    return (RunEnd?.some(.neverStarted), ManualClock.Instant?.none)
                }
                if found.end == nil { state.runs[run]?.watchers.append(watcher) }
                return (found.end, found.killAt)
            }
            if let end { return end }
            if let killAt, killAt <= clock.now {
                self.end(run, code: nil, signal: 9)
                continue
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in ends {} }
                // Cancelled where it ended, or changed, before.
                if let killAt { group.addTask { try? await self.clock.sleep(until: killAt, tolerance: nil) } }
                await group.next()
                group.cancelAll()
            }
        }
    }

    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) -> CheckOutcome { .failed("no program is run in a simulation") }

    func removeSecrets(of assignment: TaskAssignment) {}

    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] { [:] }
}

/// Checks are answered by the test, whatever they look at.
extension SimulatedRuntime: Prober {
    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome {
        state.withLock { state in
            guard let found = state.runs[run], found.end == nil else { return .failed("it does not run") }
            guard kind == .ready else { return found.behaviour.liveness }
            return found.behaviour.isHeld ? .failed("the test holds it back") : found.behaviour.readiness
        }
    }
}

// MARK: - What a test does

extension SimulatedRuntime {
    /// What runs, in no order.
    var running: [TestTask] {
        state.withLock { state in
            state.runs.compactMap { run, found in
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

    /// Lets new runs of a workload be ready, and those that are held.
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
