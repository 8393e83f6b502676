package import CubeTypes

/// One placement of a task on its worker: what was asked for, what happened, and what is to be done next.
///
/// Every event may be told twice or late: one that is not about the present run changes nothing. What a worker that was
/// killed and started again has to do is what ``due`` says of the stored value, so there is no other way to recover.
package struct SupervisedPlacement: Codable, Hashable, Sendable {
    package private(set) var assignment: TaskAssignment
    package private(set) var desired = DesiredTaskState.run
    package private(set) var phase: Phase
    /// The number of the present run, or of the next one while it waits; from 1.
    package private(set) var run = 1
    package private(set) var restarts = RestartHistory()
    private var reason: TaskReason?
    private var message: String?
    private var exit: TaskResult?
    package private(set) var startedAt: DurableInstant?
    /// What the checks of the present run have shown; `nil` where they have shown nothing.
    private var health: RunHealth?

    private struct RunHealth: Codable, Hashable, Sendable {
        var isReady = false
        /// How the last `ready` check failed; `nil` where it passed.
        var failure: String?
        /// The same of the last `live` check, while that does not count yet.
        var liveFailure: String?
        /// Why the run has to end: its `live` check failed.
        var verdict: String?
    }

    package enum Phase: Codable, Hashable, Sendable {
        /// The run may have been started, or not yet; the runtime finds out. It belongs to this start of the machine.
        case starting(boot: String)
        case running(boot: String)
        /// Between two runs.
        case waiting(until: DurableDeadline)
        case ended(TaskState, at: DurableInstant)
    }

    /// What the worker has to do.
    package enum Due: Hashable, Sendable {
        /// See to it that the run was started, once.
        case start(run: Int, boot: String)
        /// See to it that the run is never started, if it was not yet.
        case abandon(run: Int, boot: String)
        /// Wait for its end.
        case watch(run: Int, boot: String)
        /// Ask it to end, then wait for its end.
        case stop(run: Int, boot: String)
        case wait(until: DurableDeadline)
        case nothing
    }

    /// A new placement, whose first run is due at once.
    ///
    /// - Parameters:
    ///   - boot: the present start of the machine.
    ///   - run: the number of its first run, where it is known that earlier ones were started.
    package init(_ assignment: TaskAssignment, boot: String, run: Int = 1) {
        self.assignment = assignment
        self.run = run
        phase = .starting(boot: boot)
        reason = .starting
    }

    package var due: Due {
        switch (phase, desired) {
        case (.starting(let boot), .stop): .abandon(run: run, boot: boot)
        case (.starting(let boot), _): .start(run: run, boot: boot)
        case (.running(let boot), .stop): .stop(run: run, boot: boot)
        case (.running(let boot), _) where health?.verdict != nil: .stop(run: run, boot: boot)
        case (.running(let boot), _): .watch(run: run, boot: boot)
        case (.waiting(let until), _): .wait(until: until)
        case (.ended, _): .nothing
        }
    }

    package var endedAt: DurableInstant? {
        if case .ended(_, let at) = phase { at } else { nil }
    }

    /// Whether an assignment of the same placement is about the same thing: what may change in place may be another.
    package func isSame(as other: TaskAssignment) -> Bool {
        (assignment.owner, assignment.definition.name) == (other.owner, other.definition.name)
            && (assignment.ordinal, assignment.attempt) == (other.ordinal, other.attempt)
            && assignment.definition.specDigest == other.definition.specDigest
    }

    // MARK: Events

    /// The program of a run was started.
    package mutating func launched(run: Int, at moment: DurableInstant) {
        guard run == self.run, case .starting(let boot) = phase else { return }
        phase = .running(boot: boot)
        startedAt = moment
        if reason == .crashLoop { return }
        reason = nil
        message = nil
    }

    /// How much longer the present run must last before a task that ended again and again counts as recovered; `nil` where
    /// nobody waits for that.
    package func probation(at now: DurableInstant) -> Duration? {
        guard case .running = phase, reason == .crashLoop, let startedAt else { return nil }
        return DurableDeadline(min(restart.backoffMax, RestartPolicy.stableAfter), from: startedAt).remaining(at: now)
    }

    /// The present run has lasted for as long as the longest backoff.
    package mutating func recovered(run: Int, now: DurableInstant) {
        guard run == self.run, probation(at: now) == .zero else { return }
        reason = nil
        message = nil
    }

    /// The start of a run is put off for a reason that is not the task's, such as a full disk.
    package mutating func startDelayed(run: Int, message: String) {
        guard run == self.run, case .starting = phase else { return }
        self.message = message.shortened(to: Self.messageBytes)
    }

    /// How much of a message about the task is kept, in bytes.
    private static let messageBytes = 1000

    /// A run ended.
    ///
    /// - Parameters:
    ///   - output: the last lines that it wrote.
    ///   - jitter: a random number of 0 ..< 1.
    package mutating func ended(run: Int, _ end: RunEnd, output: String?, now: DurableInstant, jitter: Double) {
        guard run == self.run else { return }
        switch phase {
        case .starting, .running: break
        case .waiting, .ended: return
        }
        let end = judged(end)
        exit = end.result ?? exit
        health = nil
        let endMessage = end.message.shortened(to: Self.messageBytes)
        if desired == .stop {
            let reason: TaskReason = end == .neverStarted && run == 1 ? .stoppedBeforeStart : .stopRequested
            return finish(.stopped, reason, endMessage, at: now)
        }
        let lines = output.map { OutputNote.introduction + $0 } ?? ""
        let kind = assignment.definition.kind
        switch restarts.decide(after: end, policy: restart, of: kind, now: now, jitter: jitter) {
        case .restart(let wait):
            phase = .waiting(until: DurableDeadline(wait, from: now))
            self.run += 1
            reason = restarts.isLooping(restart) ? .crashLoop : .backoff
            message = endMessage + lines
        case .end(.failed, let reason):
            finish(.failed, reason, endMessage + lines, at: now)
        case .end(let state, let reason):
            finish(state, reason, endMessage, at: now)
        }
    }

    /// The policy that counts.
    private var restart: RestartPolicy {
        guard let other = assignment.definition.withoutOlderDefault, other.settingsDigest == settingsDigest else {
            return assignment.definition.restart
        }
        return other.restart
    }

    /// The digest of the settings that count now.
    package var settingsDigest: Digest { assignment.settingsDigest ?? assignment.definition.settingsDigest }

    /// A run that had to end ended for that reason, whatever its program made of it.
    private func judged(_ end: RunEnd) -> RunEnd {
        guard let verdict = health?.verdict, let result = end.result, let lasted = end.lasted else { return end }
        return .unhealthy(result, lasted: lasted, message: verdict)
    }

    /// A check of a run came out. One that is not declared any more counts for nothing.
    package mutating func checked(run: Int, _ kind: CheckKind, _ finding: CheckFinding) {
        guard run == self.run, case .running = phase, kind.check(of: assignment.definition.health) != nil else {
            return
        }
        var health = health ?? RunHealth()
        switch (kind, finding) {
        case (.ready, .passes): (health.isReady, health.failure) = (true, nil)
        case (.ready, .tolerated(let message)): health.failure = message.shortened(to: Self.messageBytes)
        case (.ready, .fails(let message)):
            (health.isReady, health.failure) = (false, message.shortened(to: Self.messageBytes))
        case (.live, .passes): health.liveFailure = nil
        case (.live, .tolerated(let message)): health.liveFailure = message.shortened(to: Self.messageBytes)
        case (.live, .fails(let message)):
            health.verdict =
                health.verdict ?? "live check failed: \(message.shortened(to: Self.messageBytes))"
        }
        if health != RunHealth() || self.health != nil { self.health = health }
    }

    /// Whether its checks are to go on: a run is alive, it has some, and none has decided its end.
    package func needsChecks(run: Int) -> Bool {
        guard run == self.run, case .running = phase, desired == .run, health?.verdict == nil else { return false }
        return assignment.definition.health != .none
    }

    /// The wait before a run is over.
    ///
    /// - Parameter boot: the present start of the machine.
    package mutating func waitOver(run: Int, boot: String) {
        guard run == self.run, case .waiting = phase else { return }
        phase = .starting(boot: boot)
        if reason != .crashLoop { reason = .starting }
    }

    package mutating func stopRequested(now: DurableInstant) {
        guard desired != .stop, endedAt == nil else { return }
        desired = .stop
        reason = .stopRequested
        if case .waiting = phase { finish(.stopped, .stopRequested, message, at: now) }
    }

    /// Takes over the fields that change in place, and no other.
    package mutating func settingsChanged(_ settings: TaskSettings) {
        assignment.settingsDigest = settings.settingsDigest ?? settings.definition.settingsDigest
        // A check that is new says by its first results whether the task is not ready after all.
        if assignment.definition.health.ready == nil, settings.definition.health.ready != nil, isReady {
            health = RunHealth(isReady: true)
        }
        assignment.definition.health = settings.definition.health
        assignment.definition.restart = settings.definition.restart
        assignment.definition.stop = settings.definition.stop
        assignment.definition.constraints = settings.definition.constraints
        assignment.definition.labels = settings.definition.labels
    }

    private mutating func finish(
        _ state: TaskState, _ reason: TaskReason, _ message: String?, at moment: DurableInstant
    ) {
        phase = .ended(state, at: moment)
        self.reason = reason
        self.message = message
    }

    // MARK: Report

    /// What the worker says of it.
    ///
    /// - Parameter notEnforced: the limits that its runtime cannot hold.
    package func report(notEnforced: [String]) -> WorkerTask {
        WorkerTask(
            id: assignment.id, placement: assignment.placement, run: run, state: state, ready: isReady,
            reason: remark?.reason ?? reason, message: remark?.message ?? message, restarts: restarts.count,
            notBefore: notBefore, exit: exit,
            startedAt: startedAt?.wall, endedAt: endedAt?.wall, settingsDigest: settingsDigest,
            notEnforced: notEnforced)
    }

    private var state: TaskState {
        switch (phase, desired) {
        case (.ended(let state, _), _): state
        case (_, .stop): .stopping
        case (.running, _): .running
        case (.starting, _), (.waiting, _): .scheduled
        }
    }

    private var isReady: Bool { state == .running && unreadiness == nil }

    /// What is to be said of a running task. That it ended again and again says more than how the present run is.
    private var remark: (reason: TaskReason, message: String)? {
        guard state == .running, reason != .crashLoop else { return nil }
        if let unreadiness { return unreadiness }
        if let failure = health?.liveFailure { return (.checkFailing, "live check failed: \(failure)") }
        return health?.failure.map { (.checkFailing, "ready check failed: \($0)") }
    }

    /// What a running task lacks.
    private var unreadiness: (reason: TaskReason, message: String)? {
        guard state == .running else { return nil }
        if let verdict = health?.verdict { return (.unhealthy, verdict) }
        guard assignment.definition.health.ready != nil, health?.isReady != true else { return nil }
        return (
            .notReady, health?.failure.map { "ready check failed: \($0)" } ?? "its ready check has not passed yet"
        )
    }

    private var notBefore: Timestamp? {
        if case .waiting(let until) = phase { until.wall } else { nil }
    }
}
