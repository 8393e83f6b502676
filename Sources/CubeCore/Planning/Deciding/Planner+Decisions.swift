import CubeTypes

extension Planner {
    /// Decides the undecided names. Whenever a name starts or stops serving, its dependents are decided too; whenever a name
    /// gains its first live task or loses its last one, its absent dependencies are decided too. This ends, because names in a
    /// dependency cycle are kept unchanged.
    mutating func decideNames(_ observed: ObservedState, _ now: Timestamp) {
        var open = Array(work.undecided)
        var isOpen = work.undecided
        while let name = open.popLast() {
            isOpen.remove(name)
            let (wasServing, lived) = (index.isServing(name), index.lives(name))
            decide(name, observed, now)
            var affected: Set<WorkloadName> = []
            if index.isServing(name) != wasServing { affected.formUnion(desired.graph.dependents[name] ?? []) }
            if index.lives(name) != lived {
                affected.formUnion((desired.graph.dependencies[name] ?? []).filter(index.absent.contains))
            }
            for other in affected where isOpen.insert(other).inserted { open.append(other) }
            work.undecided.formUnion(affected)
        }
    }

    /// Decides one name, and records the decision.
    private mutating func decide(_ name: WorkloadName, _ observed: ObservedState, _ now: Timestamp) {
        let workload = inputs.workload(name)
        let live = workload.live
        var starts = index.entries[name]?.starts ?? StartTimes()
        starts.note(live, at: now)
        let decision = decision(about: name, workload, starts, observed, now)
        let isAbsent = desired.workloads[name] == nil && (decision != nil || !workload.withdrawals(of: name).isEmpty)
        index.set(
            name,
            to: DecisionIndex.Outcome(
                decision: decision, live: live, starts: starts, isAbsent: isAbsent,
                declarations: missingDeclarations(of: name, live, observed)))
        history.undoLimit.reset(name, unless: inputs.intent(for: name))
        if decision == nil { withdraw(name) }
    }

    /// Returns the decision about one name from its declared and observed state; `nil` if the name is not declared and has no
    /// live task.
    private func decision(
        about name: WorkloadName, _ workload: ObservedWorkload, _ starts: StartTimes, _ observed: ObservedState,
        _ now: Timestamp
    ) -> Decision? {
        let directives = inputs.directives(for: name)
        if case .readable(let declared)? = desired.workloads[name] {
            return WorkloadDecider(
                declared, observed: workload, directives: directives, starts: starts,
                identity: .init(cluster: observed.cluster, owner: owner),
                awaited: declared.dependencies.filter { !index.isServing($0) }, wording: inputs.wording, now: now
            ).decide()
        }
        let leftover = LeftoverDecider(
            name: name, observed: workload, directives: directives,
            dependents: liveDependents(of: name, observed), starts: starts, wording: inputs.wording, now: now)
        if case .kept(let reason)? = desired.workloads[name] {
            return leftover.keep(reason, desired.explanation(of: reason))
        }
        return workload.lives ? leftover.prune() : nil
    }

    /// Returns the names that depend on a name and have live tasks, sorted. Names in one cycle are not ordered.
    private func liveDependents(of name: WorkloadName, _ observed: ObservedState) -> [WorkloadName] {
        (desired.graph.dependents[name] ?? []).filter { other in
            !desired.graph.areInOneCycle(name, other) && observed.liveNames.contains(other)
        }.sorted()
    }

    /// Removes a name that is not declared and has no live task.
    private mutating func withdraw(_ name: WorkloadName) {
        history.backoff.keep([], of: name)
        let hadReport = index.remove(name)
        if former.reports.removeValue(forKey: name) != nil || hadReport { work.gone.insert(name) }
    }
}
