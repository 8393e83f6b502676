package import CubeTypes

/// The entry of one workload in a plan, with everything that explains it.
package struct PlanEntry: Hashable, Sendable {
    /// The rule that decided.
    package var rule: Rule
    /// The reason for the decision, for people.
    package var reason: String
    /// The steps, in the order of execution.
    package var steps: [Step]
    package var report: WorkloadReport

    package var name: WorkloadName { report.status.name }
}

extension Planner {
    /// The names of all workloads in the last pass, declared or with live tasks, sorted.
    package var names: [WorkloadName] { index.entries.filter { $0.value.report != nil }.map(\.key).sorted() }

    /// Returns the decision of the last pass for a workload; `nil` if the workload is unknown.
    package func entry(_ name: WorkloadName) -> PlanEntry? {
        guard let entry = index.entries[name], let report = entry.report else { return nil }
        return PlanEntry(
            rule: entry.decision.rule, reason: entry.decision.reason, steps: entry.steps, report: report)
    }

    /// Returns the entries of workloads that are not synced or are degraded, sorted by name.
    package func differingEntries() -> [PlanEntry] {
        index.entries.values.compactMap { $0.report?.status }
            .filter { $0.sync != .synced || $0.health == .degraded }
            .map(\.name).sorted().compactMap(entry)
    }
}

extension PlannedAction {
    /// The position in a plan: first schedules, then updates in place, last stops.
    var position: (Int, WorkloadName, Int, Int, TaskID) {
        switch operation {
        case .schedule(let proposal, _): (0, name, ordinal, proposal.attempt, task)
        case .update: (1, name, ordinal, 0, task)
        case .stop(let stop): (2, name, ordinal, stop.attempt, task)
        }
    }

    /// Returns the message for a workload that is stalled because this action had no effect.
    func stallText(_ earlier: ActionBackoff.Entry) -> String {
        let error = earlier.error.map { ": \($0)" } ?? ""
        return "\(verb) \(name)/\(ordinal) was tried \(earlier.tries) times without effect\(error)"
    }
}

extension Set {
    /// Inserts or removes an element.
    mutating func set(_ element: Element, _ isIn: Bool) {
        if isIn { insert(element) } else { remove(element) }
    }
}
