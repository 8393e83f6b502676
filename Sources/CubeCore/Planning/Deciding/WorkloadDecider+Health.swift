import CubeTypes

extension WorkloadDecider {
    /// Returns the rule that decided, and its reason in words for people.
    func headline(_ steps: [Step], frozen: Bool) -> (Rule, String) {
        if frozen { return (.suspended, freezeText) }
        if let failure { return (failure.rule, health.message) }
        if let action = steps.foremost?.action {
            return (action.rule, "\(action.name)/\(action.ordinal): \(action.reason)")
        }
        if !slots.isEmpty, slots.allSatisfy({ $0.phase == .done }) { return (.completed, health.message) }
        return (.inSync, health.status == .healthy ? "running as declared" : health.message)
    }

    var freezeText: String {
        guard let freeze else { return "suspended by its manifest" }
        return "\(freeze.freezeText); \(rules.wording(.resume(workload.name))) ends the suspension"
    }

    var health: WorkloadHealth {
        if let task = live.first(where: \.nodeUnknown) {
            return WorkloadHealth(
                .unknown, "node_unknown", "\(task.slotText): node \(task.node?.rawValue ?? "?") is silent")
        }
        if let failed = failureStandstill { return WorkloadHealth(.degraded, failed.reason, failed.message) }
        if let blocked = portStandstill { return WorkloadHealth(.progressing, blocked.reason, blocked.message) }
        if let restarting { return restarting }
        guard !slots.isEmpty else {
            return live.isEmpty
                ? WorkloadHealth(.healthy, "scaled_to_zero", "no replica is declared")
                : WorkloadHealth(
                    .progressing, "scaling_down",
                    Count(live.count, "task").verb("is still running", "are still running"))
        }
        if slots.allSatisfy({ $0.phase == .done }) {
            return WorkloadHealth(
                .healthy, "completed",
                slots.count == 1 ? "the task completed" : "all \(slots.count) tasks completed")
        }
        if let unfinished = slots.first(where: { !$0.isSettled }) { return progress(unfinished) }
        if workload.definition.kind == .job { return .uncompleted(slots.count { $0.phase == .done }, of: slots.count) }
        if let task = slots.lazy.compactMap(\.phase.current).first(where: { $0.reason == .checkFailing }) {
            return WorkloadHealth(
                .healthy, "check_failing", "\(task.slotText): \(task.headline ?? "a health check failed")")
        }
        return WorkloadHealth(
            .healthy, "running", slots.count == 1 ? "the task is running" : "all \(slots.count) replicas are running")
    }

    /// The health while a task that ended on its own waits for its next start, or has not yet run for long enough; `nil` if there
    /// is no such task.
    private var restarting: WorkloadHealth? {
        let tasks = slots.lazy.compactMap(\.phase.current)
        if let task = tasks.first(where: { $0.reason == .crashLoop }) {
            return WorkloadHealth(
                .degraded, "crash_loop",
                "\(task.slotText) ended\(task.endText); it was restarted \(Count(task.restarts, "time")), "
                    + "now about every \(task.definition.restart.backoffMax.text)")
        }
        return tasks.first { $0.reason == .backoff && !$0.ready }.map { task in
            WorkloadHealth(
                .degraded, "backoff", "\(task.slotText) ended\(task.endText); it is restarted after a backoff")
        }
    }

    /// Why the rollout failed, followed by the advice about a port conflict if there is one. A change of `update` alone does not
    /// retry a failed rollout.
    var failureStandstill: Standstill? {
        guard var failed = failure?.standstill, let blocked = portStandstill else { return failure?.standstill }
        failed.message += "; \(blocked.message) and run \(rules.wording(.retry(workload.name)))"
        return failed
    }

    /// Why a surge task has no node: another task of the workload uses its host port.
    var portStandstill: Standstill? {
        for task in live where surge > 0 && task.state == .pending && task.reason == .portTaken {
            for other in live where other.node != nil {
                let port = task.definition.ports.first { port in
                    port.host != 0
                        && other.definition.ports.contains { $0.host == port.host && $0.transport == port.transport }
                }
                guard let port else { continue }
                let holder = other.ordinal == task.ordinal ? "the task that it replaces" : other.slotText
                return Standstill(
                    reason: "surge_port_taken",
                    message:
                        "\(task.slotText) cannot be placed: \(holder) uses host port \(port.host) (\(port.name)), "
                        + "and no other node fits; remove the fixed host port, or set update.max_surge to 0")
            }
        }
        return nil
    }

    /// Returns the health that results from the first unsettled slot.
    private func progress(_ unfinished: Slot) -> WorkloadHealth {
        let slot = "\(workload.name)/\(unfinished.ordinal)"
        switch unfinished.phase {
        case .vacant, .outdated:
            if !awaited.isEmpty {
                return WorkloadHealth(
                    live.isEmpty ? .missing : .progressing, WaitReason.dependencyUnhealthy.rawValue,
                    "waits for its dependencies: \(awaited.map(\.rawValue).joined(separator: ", "))")
            }
            if case .outdated = unfinished.phase {
                return WorkloadHealth(.progressing, "rolling_out", "\(slot) will be replaced")
            }
            return live.isEmpty && !slots.contains { $0.phase == .done }
                ? WorkloadHealth(.missing, "not_running", "no task is running")
                : WorkloadHealth(.progressing, "not_running", "\(slot) will be started")
        case .stopping: return WorkloadHealth(.progressing, "slot_stopping", "\(slot) is being stopped")
        case .progressing(_, .some):
            return WorkloadHealth(
                .progressing, "min_healthy",
                "\(slot) has not been ready for \(workload.steering.update.minHealthy.text) yet")
        case .progressing(let task, nil):
            let message = task.headline.map { ": \($0)" } ?? ""
            return WorkloadHealth(
                .progressing, task.reason?.rawValue ?? "starting", "\(slot) is \(task.state)\(message)")
        case .available, .done, .failed: return WorkloadHealth(.progressing, "rolling_out", "\(slot) is being updated")
        }
    }

    /// The differences from the declaration, sorted by field. They cover tasks to replace or to change in place, ended tasks
    /// whose slots will run a new definition, and the number of tasks.
    var differences: [Difference] {
        var all: Set<Difference> = []
        var renewed = 0
        for slot in slots {
            if let ended = endedByItself(in: slot) {
                all.formUnion(target.differences(to: ended))
                if ended.state == .completed { renewed += 1 }
            }
            let staying = slot.holders.filter { !$0.isStopping }
            for task in staying {
                all.formUnion(target.differences(to: task))
                if !workload.isFile(task.source) {
                    all.insert(
                        Difference(
                            field: "file", desired: workload.file.text, observed: task.source, replaces: false))
                }
            }
        }
        // A slot counts once, even while one task replaces another in it.
        let taken = slots.count { $0.phase == .done || $0.holders.contains { !$0.isStopping } }
        let there = taken + renewed + beyond.count { !$0.isStopping }
        let replicas = workload.steering.replicas
        if there != replicas {
            all.insert(Difference(field: "replicas", desired: "\(replicas)", observed: "\(there)", replaces: false))
        }
        return all.sorted { ($0.field, $0.observed ?? "") < ($1.field, $1.observed ?? "") }
    }

    /// Returns the task that ended on its own in a slot that is now empty and will run another definition.
    func endedByItself(in slot: Slot) -> TaskStatus? {
        guard case .vacant(let rule) = slot.phase, [target.rule, .settingsChanged].contains(rule),
            let task = rules.ended[slot.ordinal], task.state == .completed || task.state == .failed
        else { return nil }
        return task
    }
}

extension TaskStatus {
    var slotText: String { "\(name)/\(ordinal)" }

    /// The first line of the task's message. The remaining lines are the end of the task's output.
    var headline: String? { message.map { String($0.prefix { $0 != "\n" }) } }

    /// The end of the task's last run, worded as the rest of a sentence.
    var endText: String {
        // A message about a failed check or a failed start explains more than the exit status, which may be the result of a
        // requested stop or belong to an earlier run.
        if let headline, headline != exit?.summary { return ": \(headline)" }
        guard let exit, exit.ending != nil else { return "" }
        return " with \(exit.words)"
    }
}

extension [Step] {
    /// The step that best describes the current activity: a due step, else one in flight, else a waiting one. A schedule that
    /// waits for its slot ranks below the stop that frees the slot.
    var foremost: Step? {
        func rank(_ step: Step) -> Int {
            switch step.state {
            case .due: 0
            case .inFlight: 1
            case .waiting: step.waitsFor == .slotStopping ? 3 : 2
            case .held: 4
            }
        }
        return filter { $0.state != .held }.min { rank($0) < rank($1) }
    }
}

extension Step {
    /// The same step, held because the workload is frozen.
    var suspended: Step {
        guard state != .inFlight else { return self }
        var step = self
        step.state = .held
        step.waitsFor = .suspended
        step.change = nil
        return step
    }
}

extension Rule {
    var scheduleText: String {
        switch self {
        case .notStarted: "the task was never started"
        case .retry, .settingsChanged: "the ended task is retried"
        case .reverted: "the workload reverts to its last healthy definition"
        case .specChanged, .restart, .nodeDrained: "it replaces the previous task"
        default: "its slot has no task"
        }
    }

    var updateText: String {
        self == .fileMoved ? "its manifest moved to another file" : "settings changed that apply in place"
    }

    var replaceText: String {
        switch self {
        case .restart: "a restart was requested"
        case .nodeDrained: "its node is being drained"
        case .reverted: "the rollout of its definition failed"
        case .stopRequested: "its stop was requested"
        case .duplicateTask: "its slot has another live task"
        default: "its definition changed"
        }
    }
}

extension Directive {
    /// How long a person has suspended a workload, and why.
    var freezeText: String {
        "suspended manually" + (expiresAt.map { " until \($0)" } ?? "") + (reason.map { ": \($0)" } ?? "")
    }
}
