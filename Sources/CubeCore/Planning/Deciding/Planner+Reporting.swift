import CubeTypes
import HeapModule

extension Planner {
    /// Builds the steps and the report of a name from its decision, the verdict of the guards and the answers to earlier actions.
    ///
    /// - Returns: the report; `nil` if it has not changed.
    mutating func makeReport(
        of name: WorkloadName, _ observed: ObservedState, _ now: Timestamp
    ) -> WorkloadReport? {
        guard var entry = entries[name] else { return nil }
        var stall: Standstill?
        let wished = entry.decision.steps.filter { $0.state != .inFlight }.map { ActionBackoff.Key($0.action) }
        backoff.keep(Set(wished), of: name)
        var wakeAt = entry.decision.wakeAt
        entry.steps = entry.decision.steps.map { step in
            let step = guarded(step, of: name)
            guard step.state == .due, let earlier = backoff[step.action] else { return step }
            if earlier.tries >= ActionBackoff.stalledAfter {
                stall = Standstill(reason: WaitReason.noEffect.rawValue, message: step.action.stallText(earlier))
            }
            return retried(step, earlier, observed.revision, now, &wakeAt)
        }
        if let complaint = undoLimit.complaint(about: name, wishing: entry.steps, at: now, wording) {
            stall = Standstill(reason: WaitReason.contested.rawValue, message: complaint)
            entry.steps = entry.steps.map(\.contested)
        }
        let maker = ReportMaker(
            name: name, desired: desired.workloads[name], observed: observed.workloads[name] ?? ObservedWorkload(),
            decision: entry.decision, steps: entry.steps, stall: stall, diagnostics: desired.diagnostics(of: name),
            previous: entry.report ?? former[name], digestKey: observed.digestKey, now: now)
        let report = maker.report()
        if let old = entry.report { tally.remove(old) }
        tally.add(report)
        let isNew = report != entry.report
        entry.report = report
        former[name] = nil
        if let wakeAt, wakeAt != entry.wakeAt || wakeAt <= now { timers.insert(Timer(at: wakeAt, name: name)) }
        entry.wakeAt = wakeAt
        due.set(name, entry.steps.contains { $0.state == .due })
        entries[name] = entry
        return isNew ? report : nil
    }

    /// Returns the step in the state that results from the verdict of the guards.
    private func guarded(_ step: Step, of name: WorkloadName) -> Step {
        guard step.state == .due, let change = step.change else { return step }
        var step = step
        if savedPlan != nil, change.verb == HeldChange.prune, !plannedPrunes.contains(name) {
            (step.state, step.waitsFor) = (.held, .notPlanned)
            return step
        }
        switch verdicts[name] {
        case .waiting(let reason)?: (step.state, step.waitsFor) = (.waiting, reason)
        case .held(let reason)?: (step.state, step.waitsFor) = (.held, reason)
        case .released?, nil:
            if step.change?.verb == HeldChange.prune, entries[name]?.decision.dependents.isEmpty == false {
                (step.state, step.waitsFor) = (.waiting, .dependentsRunning)
            } else if storageHold != nil {
                (step.state, step.waitsFor) = (.held, .guardStorage)
            }
        }
        return step
    }

    /// Returns the new state of a due step whose action was made before. Either the observed state is too old to show its effect,
    /// or the action had no effect and is retried with a backoff.
    private func retried(
        _ step: Step, _ earlier: ActionBackoff.Entry, _ revision: Int, _ now: Timestamp, _ wakeAt: inout Timestamp?
    ) -> Step {
        var step = step
        if revision < earlier.revision {
            step.state = .inFlight
        } else if now < earlier.notBefore {
            (step.state, step.waitsFor) = (.waiting, .noEffect)
            wakeAt = min(wakeAt ?? earlier.notBefore, earlier.notBefore)
        } else if let next = retries.next(at: now) {
            (step.state, step.waitsFor) = (.waiting, .retryBudget)
            wakeAt = min(wakeAt ?? next, next)
        }
        return step
    }
}

extension Step {
    /// The same step, held because someone else undoes its action.
    fileprivate var contested: Step {
        guard state == .due || state == .waiting else { return self }
        var step = self
        (step.state, step.waitsFor) = (.held, .contested)
        return step
    }
}
