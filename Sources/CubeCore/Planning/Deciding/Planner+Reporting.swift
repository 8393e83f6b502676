import CubeTypes

extension Planner {
    /// Makes the reports of the names that were decided, or whose verdict or answers changed.
    ///
    /// - Returns: the reports that changed, by name; `nil` for a name of which nothing is left.
    mutating func makeReports(_ observed: ObservedState, _ now: Timestamp) -> [WorkloadName: WorkloadReport?] {
        var reports: [WorkloadName: WorkloadReport?] = [:]
        for name in work.gone where index.entries[name] == nil { reports[name] = .some(nil) }
        for name in work.undecided.union(work.unreported) {
            if let report = makeReport(of: name, observed, now) { reports[name] = report }
        }
        return reports
    }

    /// Makes the steps and the report of a name from its decision, the verdict of the guards and the answers to earlier actions.
    ///
    /// - Returns: the report; `nil` if it has not changed.
    private mutating func makeReport(
        of name: WorkloadName, _ observed: ObservedState, _ now: Timestamp
    ) -> WorkloadReport? {
        guard var entry = index.entries[name] else { return nil }
        let stall = makeSteps(of: name, in: &entry, observed.revision, now)
        let maker = ReportMaker(
            name: name, desired: desired.workloads[name], observed: inputs.workload(name), decision: entry.decision,
            steps: entry.steps, stall: stall, newerImage: inputs.newerImage(for: name),
            diagnostics: desired.diagnostics(of: name),
            previous: entry.report ?? former.reports[name], wording: inputs.wording,
            digestKey: observed.digestKey, now: now)
        let report = maker.report()
        let isNew = report != entry.report
        entry.report = report
        former.reports[name] = nil
        index.update(name, to: entry, at: now)
        return isNew ? report : nil
    }

    /// Sets the steps of a name, and the time at which they may change.
    ///
    /// - Returns: why due actions are not carried out: they had no effect, or somebody undoes them.
    private mutating func makeSteps(
        of name: WorkloadName, in entry: inout DecisionIndex.Entry, _ revision: Int, _ now: Timestamp
    ) -> Standstill? {
        let decision = entry.decision
        history.backoff.keep(
            Set(decision.steps.filter { $0.state != .inFlight }.map { ActionBackoff.Key($0.action) }), of: name)
        var stall: Standstill?
        var wakeAt = decision.wakeAt
        entry.steps = decision.steps.map { step in
            let step = guarded(step, of: name)
            guard step.state == .due, let earlier = history.backoff[step.action] else { return step }
            if earlier.tries >= ActionBackoff.stalledAfter {
                stall = Standstill(reason: WaitReason.noEffect.rawValue, message: step.action.stallText(earlier))
            }
            return retried(step, earlier, revision, now, &wakeAt)
        }
        entry.wakeAt = wakeAt
        if let complaint = history.undoLimit.complaint(about: name, planning: entry.steps, at: now, inputs.wording) {
            stall = Standstill(reason: WaitReason.contested.rawValue, message: complaint)
            entry.steps = entry.steps.map(\.contested)
        }
        return stall
    }

    /// Returns the step in the state that results from the verdict of the guards.
    private func guarded(_ step: Step, of name: WorkloadName) -> Step {
        guard step.state == .due, let change = step.change else { return step }
        var step = step
        if let saved, change.verb == HeldChange.prune, !saved.prunes.contains(name) {
            (step.state, step.waitsFor) = (.held, .notPlanned)
            return step
        }
        switch verdicts.prunes[name] {
        case .waiting(let reason)?: (step.state, step.waitsFor) = (.waiting, reason)
        case .held(let reason)?: (step.state, step.waitsFor) = (.held, reason)
        case .released?, nil:
            if change.verb == HeldChange.prune, index.entries[name]?.decision.dependents.isEmpty == false {
                (step.state, step.waitsFor) = (.waiting, .dependentsRunning)
            } else if verdicts.storage != nil {
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
        } else if let next = history.retries.next(at: now) {
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
