package import CubeTypes

/// One placement of a task on its worker: the assignment, what has happened, and what to do next.
///
/// Events may arrive twice or late. An event that does not concern the current run changes nothing. A worker that was killed and
/// restarted does what ``due`` of the stored value says; there is no separate recovery.
package struct SupervisedPlacement: Codable, Hashable, Sendable {
    package private(set) var assignment: TaskAssignment
    package private(set) var desired = DesiredTaskState.run
    package private(set) var phase: Phase
    /// The number of the current run, or of the next one during a wait; from 1.
    package private(set) var run = 1
    package private(set) var restarts = RestartHistory()
    /// The highest later placement of the task whose stop arrived while this placement lived; `nil` if there is none. That
    /// placement must never start.
    package private(set) var stoppedSuccessor: Int?
    /// The run of another task whose network the current run uses; `nil` if it has its own.
    package private(set) var networkHolder: RunIdentity?
    private var reason: TaskReason?
    private var message: String?
    private var exit: TaskResult?
    package private(set) var startedAt: DurableInstant?
    /// The findings of the checks of the current run; `nil` if there are none.
    private var health: RunHealth?
    /// What the runtime knows of the current or last run; `nil` if nothing.
    private var details: RunDetails?
    /// Why the current run was started without the pull that its policy asks for; `nil` if it was not.
    private var pullFailure: String?

    private struct RunHealth: Codable, Hashable, Sendable {
        var isReady = false
        /// The reason why the last `ready` check failed; `nil` if it passed.
        var failure: String?
        /// The reason why the last `live` check failed, if the failure does not count yet.
        var liveFailure: String?
        /// The reason why the run must end, if its `live` check has failed.
        var verdict: String?
    }

    package enum Phase: Codable, Hashable, Sendable {
        /// The run may or may not have been started; the runtime determines it. The run belongs to this boot of the machine.
        case starting(boot: String)
        case running(boot: String)
        /// Between two runs.
        case waiting(until: DurableDeadline)
        case ended(TaskState, at: DurableInstant)
    }

    /// What the worker must do next.
    package enum Due: Hashable, Sendable {
        /// Ensure that the run has been started, exactly once.
        case start(run: Int, boot: String)
        /// If the run was not started yet, ensure that it never is.
        case abandon(run: Int, boot: String)
        /// Wait for the end of the run.
        case watch(run: Int, boot: String)
        /// Ask the run to end, then wait for its end.
        case stop(run: Int, boot: String)
        case wait(until: DurableDeadline)
        case nothing
    }

    /// Creates a new placement whose first run is due immediately.
    ///
    /// - Parameters:
    ///   - boot: the current boot of the machine.
    ///   - run: the number of the first run; above 1 if earlier runs were started before their record was lost.
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

    /// Whether an assignment of the same placement is for the same task and definition, apart from fields that change in place.
    package func isSame(as other: TaskAssignment) -> Bool {
        (assignment.owner, assignment.definition.name) == (other.owner, other.definition.name)
            && (assignment.ordinal, assignment.attempt) == (other.ordinal, other.attempt)
            && assignment.definition.specDigest == other.definition.specDigest
    }

    // MARK: Events

    /// Handles the start of a run's program.
    package mutating func launched(run: Int, at moment: DurableInstant) {
        guard run == self.run, case .starting(let boot) = phase else { return }
        phase = .running(boot: boot)
        startedAt = moment
        details = nil
        if reason == .crashLoop { return }
        reason = nil
        message = pullFailure
    }

    /// Handles what the runtime found out about a live run.
    package mutating func detailed(run: Int, _ details: RunDetails) {
        guard run == self.run, case .running = phase, details != self.details ?? RunDetails() else { return }
        var details = details
        // The image of a run does not change, although a registry or another tag may know it under a different digest later.
        details.image = self.details?.image ?? details.image
        self.details = details
    }

    /// Handles the failure of a pull that a run can do without.
    package mutating func pullFailed(run: Int, message: String) {
        guard run == self.run, case .starting = phase else { return }
        pullFailure = message.shortened(to: Self.messageBytes)
        self.message = pullFailure
    }

    /// How much longer the current run must last before the task counts as recovered from its crash loop; `nil` if the task is
    /// not in a crash loop.
    package func probation(at now: DurableInstant) -> Duration? {
        guard case .running = phase, reason == .crashLoop, let startedAt else { return nil }
        return DurableDeadline(min(restart.backoffMax, RestartPolicy.stableAfter), from: startedAt).remaining(at: now)
    }

    /// Handles the recovery of the task from its crash loop: the current run has lasted as long as the longest backoff.
    package mutating func recovered(run: Int, now: DurableInstant) {
        guard run == self.run, probation(at: now) == .zero else { return }
        reason = nil
        message = pullFailure
    }

    /// Handles a delayed start of a run for a reason outside of the task, such as a full disk.
    package mutating func startDelayed(run: Int, message: String) {
        guard run == self.run, case .starting = phase else { return }
        self.message = message.shortened(to: Self.messageBytes)
        // Another attempt follows, which may pull.
        pullFailure = nil
    }

    /// The maximum length of a stored message in bytes.
    private static let messageBytes = 1000

    /// Handles the end of a run.
    ///
    /// - Parameters:
    ///   - output: the last lines of the run's output.
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
        details = details.map { RunDetails(image: $0.image) }
        pullFailure = nil
        let endMessage = end.message.shortened(to: Self.messageBytes)
        if desired == .stop {
            let reason: TaskReason = end == .neverStarted && run == 1 ? .stoppedBeforeStart : .stopRequested
            return finish(.stopped, reason, endMessage, at: now)
        }
        // The manager may have placed the task elsewhere. It assigns the task anew if it has not.
        if end == .leaseLost { return finish(.stopped, .leaseLost, endMessage, at: now) }
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

    /// The restart policy in effect.
    private var restart: RestartPolicy {
        guard let other = assignment.definition.withoutOlderDefault, other.settingsDigest == settingsDigest else {
            return assignment.definition.restart
        }
        return other.restart
    }

    /// The digest of the settings in effect.
    package var settingsDigest: Digest { assignment.settingsDigest ?? assignment.definition.settingsDigest }

    /// Returns the end as `unhealthy` if the `live` check of the run failed, whatever the exit code.
    private func judged(_ end: RunEnd) -> RunEnd {
        guard let verdict = health?.verdict, let result = end.result, let lasted = end.lasted else { return end }
        return .unhealthy(result, lasted: lasted, message: verdict)
    }

    /// Handles the finding of a health check. A check that is no longer declared is ignored.
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

    /// Records whose network the next run uses.
    package mutating func share(networkOf holder: RunIdentity) { networkHolder = holder }

    /// Handles the end of the run whose network the current run uses. The current run must end, too, as its network is gone.
    package mutating func networkLost(run: Int) {
        guard run == self.run, case .running = phase, desired == .run else { return }
        var health = health ?? RunHealth()
        let name = assignment.definition.network.of.map { "\($0)" } ?? "another task"
        health.verdict = health.verdict ?? "the container of \(name), whose network the task uses, has ended"
        self.health = health
    }

    /// Whether the checks of the run must continue: the run is alive, it has checks, and no check has decided that it must end.
    package func needsChecks(run: Int) -> Bool {
        guard run == self.run, case .running = phase, desired == .run, health?.verdict == nil else { return false }
        return assignment.definition.health != .none
    }

    /// Handles the end of the wait before a run.
    ///
    /// - Parameter boot: the current boot of the machine.
    package mutating func waitOver(run: Int, boot: String) {
        guard run == self.run, case .waiting = phase else { return }
        phase = .starting(boot: boot)
        if reason != .crashLoop { reason = .starting }
    }

    /// Handles a stop of this placement or of a later one, before which this one must end.
    ///
    /// - Parameter placement: the placement that the stop names; `nil` for this one.
    package mutating func stopRequested(placement: Int? = nil, now: DurableInstant) {
        guard endedAt == nil else { return }
        if let placement, placement > max(assignment.placement, stoppedSuccessor ?? 0) { stoppedSuccessor = placement }
        guard desired != .stop else { return }
        desired = .stop
        reason = .stopRequested
        if case .waiting = phase { finish(.stopped, .stopRequested, message, at: now) }
    }

    /// Applies the fields that change in place, and ignores all other fields.
    ///
    /// - Parameter fields: The fields of a manifest; their table decides which fields change in place.
    package mutating func settingsChanged(_ settings: TaskSettings, fields: ManifestFields = .standard) {
        assignment.settingsDigest = settings.settingsDigest ?? fields.settingsDigest(of: settings.definition)
        // The task stays ready until the first outcomes of a newly declared check show otherwise.
        if assignment.definition.health.ready == nil, settings.definition.health.ready != nil, isReady {
            health = RunHealth(isReady: true)
        }
        assignment.definition = fields.definition(assignment.definition, withSettingsOf: settings.definition)
    }

    private mutating func finish(
        _ state: TaskState, _ reason: TaskReason, _ message: String?, at moment: DurableInstant
    ) {
        phase = .ended(state, at: moment)
        self.reason = reason
        self.message = message
    }

    // MARK: Report

    /// Returns the worker's report about the task.
    ///
    /// - Parameter notEnforced: the limits that the runtime cannot enforce.
    package func report(notEnforced: [String]) -> WorkerTask {
        WorkerTask(
            id: assignment.id, placement: assignment.placement, run: run, state: state, ready: isReady,
            reason: remark?.reason ?? reason, message: remark?.message ?? message, restarts: restarts.count,
            notBefore: notBefore, exit: exit,
            startedAt: startedAt?.wall, endedAt: endedAt?.wall, settingsDigest: settingsDigest,
            imageDigest: details?.image, imageMovedTo: details?.movedTo, notEnforced: notEnforced)
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

    /// The reason and message for a running task, if its checks provide one. A crash loop takes precedence over the current run.
    private var remark: (reason: TaskReason, message: String)? {
        guard state == .running, reason != .crashLoop else { return nil }
        if let unreadiness { return unreadiness }
        if let failure = health?.liveFailure { return (.checkFailing, "live check failed: \(failure)") }
        return health?.failure.map { (.checkFailing, "ready check failed: \($0)") }
    }

    /// The reason why a running task is not ready.
    private var unreadiness: (reason: TaskReason, message: String)? {
        guard state == .running else { return nil }
        if let verdict = health?.verdict { return (.unhealthy, verdict) }
        if assignment.definition.health == .none {
            return details?.imageHealth?.unreadiness.map { (.notReady, $0.shortened(to: Self.messageBytes)) }
        }
        guard assignment.definition.health.ready != nil, health?.isReady != true else { return nil }
        return (
            .notReady, health?.failure.map { "ready check failed: \($0)" } ?? "the ready check has not passed yet"
        )
    }

    private var notBefore: Timestamp? {
        if case .waiting(let until) = phase { until.wall } else { nil }
    }
}
