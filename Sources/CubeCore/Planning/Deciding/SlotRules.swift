import CubeTypes

/// Decides the phases of a workload's slots.
struct SlotRules {
    let workload: Workload
    let target: RolloutTarget
    let slots: [Int: SlotStatus]
    /// The task that ended last, by ordinal.
    let ended: [Int: TaskStatus]
    let directives: NameDirectives
    let starts: StartTimes
    let wording: HintWording
    let now: Timestamp

    /// - Parameter tasks: the live tasks of the slot, sorted by attempt.
    func slot(_ ordinal: Int, holding tasks: [TaskStatus]) -> Slot {
        let staying = tasks.filter { !$0.isStopping }
        let old = staying.compactMap { task in rule(against: task).map { OutdatedTask(task: task, rule: $0) } }
        let declared = staying.filter { rule(against: $0) == nil }
        var slot: Slot
        if let task = declared.last(where: \.isServing) ?? declared.last {
            slot = Slot(ordinal: ordinal, phase: phase(of: task))
            slot.former = old.last { $0.task.isServing } ?? old.last { $0.task.nodeUnknown }
        } else if let outdated = old.last(where: { $0.task.isServing }) ?? old.last {
            slot = Slot(ordinal: ordinal, phase: .outdated(outdated))
            if let last = ended[ordinal], last.attempt > outdated.task.attempt {
                slot.isSuccessorFailed = vacancy(of: ordinal) == .failed
            }
        } else if let task = tasks.last {
            slot = Slot(ordinal: ordinal, phase: .stopping(task))
        } else {
            slot = Slot(ordinal: ordinal, phase: vacancy(of: ordinal))
        }
        let holders = Set(slot.holders.map(\.id))
        slot.surplus = tasks.filter { !holders.contains($0.id) }
        return slot
    }

    /// Returns the rule for replacing a task; `nil` if the task may stay.
    func rule(against task: TaskStatus) -> Rule? {
        if !target.matches(task) { return target.rule }
        if let restart = directives.restart, task.createdRevision < restart { return .restart }
        if task.eviction?.due == true { return .nodeDrained }
        return nil
    }

    private func phase(of task: TaskStatus) -> SlotPhase {
        // A task in a crash loop counts as working only after a run has lasted.
        guard task.isServing, task.reason != .crashLoop else { return .progressing(task, until: nil) }
        guard let until = availability(of: task), until > now else { return .available(task) }
        return .progressing(task, until: until)
    }

    /// Returns the time at which a serving task will have been ready for the required time; `nil` if there is no requirement.
    private func availability(of task: TaskStatus) -> Timestamp? {
        // A job is done when it has ended, so it need not be ready for a minimum time.
        guard workload.definition.kind != .job else { return nil }
        return starts.start(of: task).map { $0 + workload.steering.update.minHealthy }
    }

    /// Returns the time from which a serving task counts as healthy; `nil` if it counts already or is not serving.
    func countsFrom(_ task: TaskStatus) -> Timestamp? {
        guard task.isServing, let until = availability(of: task), until > now else { return nil }
        return until
    }

    /// Returns whether a task is serving and has been ready for the required time, even if it is not as declared.
    func isSure(_ task: TaskStatus) -> Bool { task.isServing && countsFrom(task) == nil }

    /// Returns the phase of a slot without a live task that is as declared.
    private func vacancy(of ordinal: Int) -> SlotPhase {
        guard let slot = slots[ordinal], slot.next > 0 else { return .vacant(.notStarted) }
        let isAsked = [directives.retry, directives.restart].contains { ($0 ?? -1) >= slot.endedRevision }
        // The task of the last attempt, if it matches the definition except for ignored fields.
        let match = ended[ordinal].flatMap { $0.attempt == slot.next - 1 && target.matches($0) ? $0 : nil }
        let isDone = slot.completed.contains(target.specDigest) || match?.state == .completed
        if isDone, workload.definition.kind == .job {
            // A restart concerns running tasks; only `retry` runs a completed job again.
            return (directives.retry ?? -1) >= slot.endedRevision ? .vacant(.retry) : .done
        }
        guard slot.lastDigest == target.specDigest || match != nil else { return .vacant(target.rule) }
        switch slot.last {
        case .failed?:
            if isAsked { return .vacant(.retry) }
            // The manifest changed, even if only in settings. A new restart policy, for example, may be the remedy for the
            // failure.
            if let ended = ended[ordinal], !target.matchesSettings(of: ended) {
                return .vacant(.settingsChanged)
            }
            return slot.endCounts ? .failed : .vacant(.notRunning)
        case .completed?:
            if isAsked { return .vacant(.retry) }
            return slot.endCounts || workload.definition.kind == .job ? .done : .vacant(.notRunning)
        default: return .vacant(.notRunning)
        }
    }
}
