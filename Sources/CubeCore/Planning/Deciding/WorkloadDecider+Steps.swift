import CubeTypes

extension WorkloadDecider {
    // MARK: Scheduling

    /// Returns the steps that start tasks. The number of live tasks never exceeds the replicas plus the surge, and the number of
    /// second tasks in slots never exceeds the surge. Stopping tasks still count, whether they are replaced or surplus. Empty
    /// slots are filled first.
    func scheduling() -> [Step] {
        var room = workload.steering.replicas + surge - live.count
        var seconds = surge - slots.reduce(0) { $0 + max(0, $1.live - 1) }
        var due: Set<Int> = []
        for slot in slots {
            guard case .vacant = slot.phase else { continue }
            room -= 1
            if room >= 0 { due.insert(slot.ordinal) }
        }
        for slot in slots where wantsSuccessor(slot) && room > 0 && seconds > 0 {
            room -= 1
            seconds -= 1
            due.insert(slot.ordinal)
        }
        return slots.compactMap { scheduling($0, isDue: due.contains($0.ordinal)) }
    }

    private func scheduling(_ slot: Slot, isDue: Bool) -> Step? {
        func step(_ rule: Rule, _ waitsFor: WaitReason) -> Step {
            let action = schedule(slot.ordinal, rule)
            if !awaited.isEmpty { return Step(action, .waiting, waitsFor: .dependencyUnhealthy) }
            return isDue ? Step(action, .due) : Step(action, .waiting, waitsFor: waitsFor)
        }
        switch slot.phase {
        case .vacant(let rule): return step(rule, .surplusStopping)
        case .stopping(let task): return step(rules.rule(against: task) ?? .notRunning, .slotStopping)
        case .outdated(let outdated):
            if failure != nil, awaited.isEmpty {
                return Step(schedule(slot.ordinal, outdated.rule), .waiting, waitsFor: .rolloutStalled)
            }
            return step(outdated.rule, surge == 0 ? .slotStopping : .maxSurge)
        case .available, .progressing, .done, .failed: return nil
        }
    }

    /// Returns whether a successor should be started beside the slot's current task if there is room.
    private func wantsSuccessor(_ slot: Slot) -> Bool {
        switch slot.phase {
        case .stopping: true
        case .outdated: failure == nil
        case .available, .progressing, .vacant, .done, .failed: false
        }
    }

    private func schedule(_ ordinal: Int, _ rule: Rule) -> PlannedAction {
        let attempt = observed.slots[ordinal]?.next ?? 0
        let id = TaskID.derive(
            cluster: identity.cluster, owner: identity.owner, name: workload.name, ordinal: ordinal, attempt: attempt,
            digest: target.specDigest)
        let proposal = TaskProposal(
            id: id, name: workload.name, ordinal: ordinal, attempt: attempt, specDigest: target.specDigest,
            settingsDigest: target.settingsDigest, source: workload.file.text, definition: target.definition,
            rejects: target.rejected, dependencies: workload.dependencies,
            prune: workload.steering.prune ? nil : false, minHealthy: workload.steering.update.statedMinHealthy)
        return PlannedAction(
            name: workload.name, ordinal: ordinal, rule: rule, reason: cause(of: rule, in: ordinal) + waitText,
            operation: .schedule(proposal, maxLive: workload.steering.replicas + surge))
    }

    /// Returns why a task is started in a slot, in words.
    private func cause(of rule: Rule, in ordinal: Int) -> String {
        rule == target.rule && endedByItself(in: slots[ordinal]) != nil ? rule.replaceText : rule.scheduleText
    }

    /// The dependencies for which the workload waits, as the rest of a sentence; empty if there are none. What they must be first is said
    /// by ``WaitReason/dependencyUnhealthy``.
    private var waitText: String {
        awaited.isEmpty ? "" : "; it depends on \(awaited.map(\.rawValue).joined(separator: ", "))"
    }

    // MARK: Updating in place

    func updating() -> [Step] {
        slots.compactMap { slot in
            guard let task = slot.phase.current,
                !target.matchesSettings(of: task) || !workload.isFile(task.source)
            else { return nil }
            let rule: Rule = target.matchesSettings(of: task) ? .fileMoved : .settingsChanged
            let action = PlannedAction(
                name: workload.name, ordinal: slot.ordinal, rule: rule, reason: rule.updateText,
                operation: .update(target.settingsUpdate(of: task, source: workload.file.text)))
            return Step(action, .due)
        }
    }

    // MARK: Stopping

    /// The number of working tasks that the update policy permits to stop.
    struct Budget {
        /// The number of working tasks beyond the minimum that must remain.
        var spare: Int
        /// The same number, counting only tasks that have been ready for the required time. Tasks that became ready just now may
        /// soon end again.
        var sure: Int
        /// The number of further slots that may become unavailable.
        var missing: Int

        /// Takes the stop of a working task from the budget. Returns `false` if the budget does not permit the stop.
        /// `emptiesSlot` says whether the slot is left without a working task.
        mutating func take(isSure: Bool, emptiesSlot: Bool) -> Bool {
            guard spare > 0, sure > 0 || !isSure, missing > 0 || !emptiesSlot else { return false }
            spare -= 1
            if isSure { sure -= 1 }
            if emptiesSlot { missing -= 1 }
            return true
        }
    }

    /// The budget that remains now.
    private var budget: Budget {
        let done = slots.count { $0.phase == .done }
        let working = slots.reduce(0) { $0 + $1.working } + beyond.count { $0.isServing }
        let sure = done + live.count(where: rules.isSure)
        let floor = workload.steering.replicas - maxUnavailable
        return Budget(
            spare: working - floor, sure: sure - floor, missing: maxUnavailable - slots.count { !$0.isAvailable })
    }

    /// Returns the steps that stop tasks. The budget goes to surplus tasks first, then to tasks with a successor, then to tasks
    /// that will get one.
    func takingAway() -> [Step] {
        var budget = self.budget
        let scalingDown = self.scalingDown(&budget)
        let clearing = slots.flatMap { slot in slot.surplus.map { clear($0, &budget) } }
        let successions = slots.compactMap { succession(in: $0, &budget) }
        let replacements = slots.compactMap { replacement(in: $0, &budget) }
        return successions + replacements + clearing + scalingDown
    }

    /// Returns the stop of a slot's former task, which has a successor.
    private func succession(in slot: Slot, _ budget: inout Budget) -> Step? {
        guard let former = slot.former else { return nil }
        guard case .available = slot.phase else {
            return replace(
                former, former.rule.replaceText, waitsFor: wait(for: former.task, emptiesSlot: true, &budget))
        }
        // A former task that is not serving takes nothing from the budget, even if its node is silent: its successor does the
        // work.
        let waitsFor = former.task.isServing ? wait(for: former.task, emptiesSlot: false, &budget) : nil
        return replace(former, "its successor is available", waitsFor: waitsFor)
    }

    /// Returns the stop of a slot's task that has no successor yet.
    private func replacement(in slot: Slot, _ budget: inout Budget) -> Step? {
        switch slot.phase {
        case .stopping(let task):
            Step(
                stop(task, rules.rule(against: task) ?? .stopRequested, "another task will use its slot"), .inFlight)
        case .outdated(let outdated):
            replace(
                outdated, outdated.rule.replaceText + waitText,
                waitsFor: wait(for: outdated.task, emptiesSlot: true, &budget))
        case .available, .progressing, .vacant, .done, .failed: nil
        }
    }

    /// Returns the reason why the stop of a task waits; `nil` if the stop is due.
    private func wait(for task: TaskStatus, emptiesSlot: Bool, _ budget: inout Budget) -> WaitReason? {
        if !awaited.isEmpty, emptiesSlot { return .dependencyUnhealthy }
        // The rollout failed, so the new task would not work either.
        if failure != nil, emptiesSlot { return .rolloutStalled }
        // The node is silent, so nobody knows whether the task works. It is neither treated as broken nor taken from the budget.
        if task.nodeUnknown { return .nodeUnknown }
        if !task.ready || budget.take(isSure: rules.isSure(task), emptiesSlot: emptiesSlot) { return nil }
        if nextHealthy != nil { return .minHealthy }
        return surge > 0 && emptiesSlot ? .successorUnready : .maxUnavailable
    }

    private func replace(_ outdated: OutdatedTask, _ reason: String, waitsFor: WaitReason?) -> Step {
        Step(
            stop(outdated.task, outdated.rule, reason), waitsFor == nil ? .due : .waiting, waitsFor: waitsFor,
            change: change(HeldChange.replace, outdated.task, to: target.specDigest))
    }

    /// Returns the stop of a surplus task, whose slot another task occupies.
    private func clear(_ task: TaskStatus, _ budget: inout Budget) -> Step {
        let rule = rules.rule(against: task) ?? (task.isStopping ? .stopRequested : .duplicateTask)
        let action = stop(task, rule, rule.replaceText)
        if task.isStopping { return Step(action, .inFlight) }
        let waitsFor = task.isServing ? wait(for: task, emptiesSlot: false, &budget) : nil
        return Step(
            action, waitsFor == nil ? .due : .waiting, waitsFor: waitsFor, change: change(HeldChange.scaleDown, task))
    }

    /// Returns the stops of tasks beyond the declared replicas, highest ordinals first. No more ready tasks stop at once than the
    /// update policy permits, and a ready task stops only while enough others work. Tasks that are not ready are stopped at once.
    private func scalingDown(_ budget: inout Budget) -> [Step] {
        var pace = max(1, maxUnavailable) - beyond.count { $0.isStopping }
        return beyond.reversed().map { task in
            let action = stop(task, .scaleDown, scaleText)
            if task.isStopping { return Step(action, .inFlight) }
            if task.ready { pace -= 1 }
            let isFree =
                !task.ready
                || pace >= 0 && (task.nodeUnknown || budget.take(isSure: rules.isSure(task), emptiesSlot: false))
            return Step(
                action, isFree ? .due : .waiting, waitsFor: isFree ? nil : .maxUnavailable,
                change: change(HeldChange.scaleDown, task))
        }
    }

    private var scaleText: String {
        workload.steering.replicas == 0
            ? "no replica is declared"
            : Count(workload.steering.replicas, "replica").verb("is declared", "are declared")
    }

    private func change(_ verb: String, _ task: TaskStatus, to digest: Digest? = nil) -> HeldChange {
        HeldChange(verb: verb, name: workload.name, ordinal: task.ordinal, from: task.specDigest, to: digest)
    }

    private func stop(_ task: TaskStatus, _ rule: Rule, _ reason: String) -> PlannedAction {
        let request = StopRequest(
            id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt, rejects: target.rejected)
        return PlannedAction(
            name: task.name, ordinal: task.ordinal, rule: rule, reason: reason, operation: .stop(request))
    }
}
