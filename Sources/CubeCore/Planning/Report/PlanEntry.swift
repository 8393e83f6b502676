package import CubeTypes

/// One name of a plan, with all that explains it.
package struct PlanEntry: Hashable, Sendable {
    /// The rule that decided, and its reason for a person.
    package var rule: Rule
    package var reason: String
    /// In the order in which they are carried out.
    package var steps: [Step]
    package var report: WorkloadReport

    package var name: WorkloadName { report.status.name }
}

extension Planner {
    /// Every name that the last pass knew: declared, or of what lives.
    package var names: [WorkloadName] { entries.filter { $0.value.report != nil }.map(\.key).sorted() }

    /// What the last pass decided for a name; `nil` for one that it does not know.
    package func entry(_ name: WorkloadName) -> PlanEntry? {
        guard let entry = entries[name], let report = entry.report else { return nil }
        return PlanEntry(
            rule: entry.decision.rule, reason: entry.decision.reason, steps: entry.steps, report: report)
    }

    /// The names that are not as they should be, or not known to be, sorted.
    package func differingEntries() -> [PlanEntry] {
        entries.values.compactMap { $0.report?.status }
            .filter { $0.sync != .synced || $0.health == .degraded }
            .map(\.name).sorted().compactMap(entry)
    }
}

extension PlannedAction {
    /// Where it stands in a plan: first what adds, then what changes in place, last what takes away.
    var position: (Int, WorkloadName, Int, Int, TaskID) {
        switch operation {
        case .schedule(let proposal, _): (0, name, ordinal, proposal.attempt, task)
        case .update: (1, name, ordinal, 0, task)
        case .stop(let stop): (2, name, ordinal, stop.attempt, task)
        }
    }

    /// Why its name is stalled.
    func stallText(_ earlier: ActionBackoff.Entry) -> String {
        let error = earlier.error.map { ": \($0)" } ?? ""
        return "\(verb) \(name)/\(ordinal) was tried \(earlier.tries) times without effect\(error)"
    }
}

extension Set {
    /// Puts an element in, or takes it out.
    mutating func set(_ element: Element, _ isIn: Bool) {
        if isIn { insert(element) } else { remove(element) }
    }
}
