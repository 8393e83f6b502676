import CubeTypes

/// The reason why a rollout failed: one of its new tasks failed permanently, or was not available before its deadline.
struct RolloutFailure: Hashable, Sendable {
    var rule: Rule
    var standstill: Standstill
}

extension SlotRules {
    /// Returns the first failure among the slots. It is derived from the tasks and the slot records, so a restart of the
    /// reconciler does not lose it.
    func failure(among slots: [Slot]) -> RolloutFailure? {
        if let slot = slots.first(where: { $0.phase == .failed || $0.isSuccessorFailed }) {
            let task = ended[slot.ordinal]
            return RolloutFailure(
                rule: .failed,
                standstill: Standstill(
                    reason: task?.reason?.rawValue ?? "failed",
                    message: "\(workload.name)/\(slot.ordinal) failed\(task?.endText ?? ""); \(remedy)"))
        }
        guard let late = slots.first(where: { deadline(of: $0, among: slots).map { $0 <= now } ?? false }) else {
            return nil
        }
        return RolloutFailure(
            rule: .rolloutStalled,
            standstill: Standstill(
                reason: "deadline_exceeded",
                message:
                    "\(workload.name)/\(late.ordinal) was not available within \(workload.steering.update.deadline.text)"
                    + (late.phase.current?.headline.map { " (\($0))" } ?? "") + "; \(remedy)"))
    }

    /// Returns the next deadline that has not passed yet.
    func nextDeadline(among slots: [Slot]) -> Timestamp? {
        slots.compactMap { deadline(of: $0, among: slots) }.filter { $0 > now }.min()
    }

    /// Returns whether a task that failed or is late belongs to a rollout: outdated tasks are still there, or neither this
    /// attempt nor a later one was ever healthy in the slot.
    func isRollingOut(_ ordinal: Int, attempt: Int, among slots: [Slot]) -> Bool {
        (self.slots[ordinal]?.healthyAttempt ?? -1) < attempt || slots.contains { $0.holdsOutdated }
    }

    /// Returns the time by which the slot's new task must be available; `nil` if no deadline applies, for example because the
    /// node is silent.
    /// silent.
    private func deadline(of slot: Slot, among slots: [Slot]) -> Timestamp? {
        guard workload.definition.kind == .service, case .progressing(let task, _) = slot.phase, !task.nodeUnknown,
            isRollingOut(slot.ordinal, attempt: task.attempt, among: slots)
        else { return nil }
        let began = starts.creation(of: task)
        return max(began, directives.retryAt ?? began) + workload.steering.update.deadline
    }

    /// What retries the workload. A change of a field that belongs to no definition, such as `update`, does not.
    fileprivate var remedy: String {
        "it is retried when its definition changes, or with \(wording(.retry(workload.name)))"
    }
}

extension WorkloadDecider {
    /// The healthy task to whose definition the workload reverts; `nil` if it does not revert. It reverts if the declared rollout
    /// failed and its policy is to revert, or if the declared definition was given up before and nobody has requested a retry
    /// since.
    var reversion: TaskStatus? {
        guard target.rejected == nil, workload.definition.kind == .service,
            isRejected || workload.steering.update.onFailure == .revert && isFailedRollout
        else { return nil }
        return lastHealthy
    }

    /// Whether the rollout itself failed, rather than a task that had worked since the rollout.
    private var isFailedRollout: Bool {
        guard failure != nil else { return false }
        return slots.contains { slot in
            switch slot.phase {
            case .failed: rules.isRollingOut(slot.ordinal, attempt: attempts(of: slot) - 1, among: slots)
            default: slot.isSuccessorFailed
            }
        } || failure?.rule == .rolloutStalled
    }

    private func attempts(of slot: Slot) -> Int { observed.slots[slot.ordinal]?.next ?? 0 }

    /// Whether the declared digest was given up: the record of a slot rejects it, nobody has requested a retry since, and no task
    /// was accepted since in a slot whose record does not reject it.
    private var isRejected: Bool {
        let digest = workload.specDigest
        let records = observed.slots.values.filter { $0.rejected.contains(digest) }
        guard let said = records.compactMap(\.rejectedRevision).max(), rules.directives.retry ?? -1 < said else {
            return false
        }
        return !observed.tasks.values.contains { task in
            task.createdRevision > said && observed.slots[task.ordinal]?.rejected.contains(digest) != true
        }
    }

    /// The end of the last task with the declared definition, in words; `nil` if the manager no longer has such a task.
    private var formerFailure: String? {
        observed.tasks.values.filter { $0.specDigest == workload.specDigest && $0.state.hasEnded }
            .max { $0.createdRevision < $1.createdRevision }
            .map { task in
                let restarts = task.restarts > 0 ? " (restarts: \(task.restarts))" : ""
                return task.slotText
                    + (task.state == .failed ? " failed\(task.endText)" : " was not available in time\(restarts)")
            }
    }

    /// The newest task with a digest that was healthy in some slot. The manager keeps that task, however old it is.
    private var lastHealthy: TaskStatus? {
        let rejected = Set(observed.slots.values.flatMap(\.rejected)).union([workload.specDigest])
        let healthy = Set(observed.slots.values.compactMap(\.healthyDigest)).subtracting(rejected)
        return observed.tasks.values
            .filter {
                healthy.contains($0.specDigest) && !target.matches($0)
                    && $0.definition.kind == workload.definition.kind
            }
            .max { ($0.createdRevision, $0.id) < ($1.createdRevision, $1.id) }
    }

    /// Returns the decision that reverts the workload to the definition of a healthy task. The decision reports the failed
    /// rollout.
    func revert(to healthy: TaskStatus) -> Decision {
        let decider = WorkloadDecider(
            workload, target: RolloutTarget(goingBackTo: healthy, from: workload), observed: observed,
            directives: rules.directives, starts: rules.starts, identity: identity,
            awaited: awaited, wording: rules.wording, now: rules.now)
        var decision = decider.decide()
        let cause =
            failureStandstill?.message ?? [formerFailure, rules.remedy].compactMap { $0 }.joined(separator: "; ")
        let isDone = decision.steps.isEmpty && decision.health.status == .healthy
        let message =
            isDone
            ? "the rollout failed, and the last healthy definition is running: \(cause)"
            : "the rollout failed, and the workload reverts to its last healthy definition: \(cause)"
        decision.standstill = decision.standstill ?? Standstill(reason: Rule.reverted.rawValue, message: message)
        decision.rule = .reverted
        decision.reason = message
        decision.differences = differences
        // The reported failure is that of the declared definition, so the deadlines of its rollout still apply.
        decision.wakeAt = [decision.wakeAt, wakeAt].compactMap { $0 }.min()
        if decision.health.status != .unknown {
            decision.health = WorkloadHealth(.degraded, Rule.reverted.rawValue, message)
        }
        return decision
    }
}

extension Slot {
    /// Whether the slot holds a task that is to be replaced.
    fileprivate var holdsOutdated: Bool {
        if case .outdated = phase { return true }
        return former != nil
    }
}
