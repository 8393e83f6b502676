import CubeTypes

/// Decides where slots stand: a workload, with all that concerns it.
struct SlotRules {
    let workload: Workload
    let target: RolloutTarget
    let slots: [Int: SlotStatus]
    /// What ended last, by slot.
    let ended: [Int: TaskStatus]
    let directives: NameDirectives
    let starts: StartTimes
    let wording: HintWording
    let now: Timestamp

    /// - Parameter tasks: what lives in the slot, by attempt.
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

    /// The rule by which a task is to be replaced, if any.
    func rule(against task: TaskStatus) -> Rule? {
        if !target.matches(task) { return target.rule }
        if let restart = directives.restart, task.createdRevision < restart { return .restart }
        return nil
    }

    private func phase(of task: TaskStatus) -> SlotPhase {
        // One that ended again and again works when its run has lasted.
        guard task.isServing, task.reason != .crashLoop else { return .progressing(task, until: nil) }
        guard let until = availability(of: task), until > now else { return .available(task) }
        return .progressing(task, until: until)
    }

    /// When a task that works will have been ready for long enough; `nil` where nobody waits for that.
    private func availability(of task: TaskStatus) -> Timestamp? {
        // A job is done when it has ended: nobody waits for it to have run for a while.
        guard workload.definition.kind != .job else { return nil }
        return starts.start(of: task).map { $0 + workload.steering.update.minHealthy }
    }

    /// When a task that works counts, where it does not yet.
    func countsFrom(_ task: TaskStatus) -> Timestamp? {
        guard task.isServing, let until = availability(of: task), until > now else { return nil }
        return until
    }

    /// Whether a task works and has for long enough, as declared or not.
    func isSure(_ task: TaskStatus) -> Bool { task.isServing && countsFrom(task) == nil }

    /// Why nothing as declared lives in a slot.
    private func vacancy(of ordinal: Int) -> SlotPhase {
        guard let slot = slots[ordinal], slot.next > 0 else { return .vacant(.notStarted) }
        let isAsked = [directives.retry, directives.restart].contains { ($0 ?? -1) >= slot.endedRevision }
        // What ended last, where it is as declared but for what is ignored.
        let match = ended[ordinal].flatMap { $0.attempt == slot.next - 1 && target.matches($0) ? $0 : nil }
        let isDone = slot.completed.contains(target.specDigest) || match?.state == .completed
        if isDone, workload.definition.kind == .job {
            // A restart means what runs; only `retry` runs a job again that completed.
            return (directives.retry ?? -1) >= slot.endedRevision ? .vacant(.retry) : .done
        }
        guard slot.lastDigest == target.specDigest || match != nil else { return .vacant(target.rule) }
        switch slot.last {
        case .failed?:
            if isAsked { return .vacant(.retry) }
            // Its manifest changed, if only in what would be changed in place: a restart policy may be the remedy.
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
