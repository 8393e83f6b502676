import CubeTypes

/// A plan for people, in the manner of Terraform: `+` is started, `-` is stopped, `-/+` is replaced (stopped first, started
/// then), `~` is changed, `!` needs a look. What does not go on at once says what it waits for, or what holds it.
///
/// The same plan has the same text, whatever the order of its input.
package struct PlanText: Sendable {
    private let plan: Plan
    private let entries: [PlanEntry]

    /// - Parameter entries: ``Planner/unsettledEntries()``.
    package init(_ plan: Plan, entries: [PlanEntry]) {
        self.plan = plan
        self.entries = entries
    }

    package var text: String {
        var lines: [String] = []
        for entry in entries { lines += self.lines(of: entry) + [""] }
        lines.append(total)
        lines += held
        lines += findings
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(of entry: PlanEntry) -> [String] {
        let status = entry.report.status
        var lines = ["\(entry.symbol.padded(to: 3)) \(entry.name)" + place(status)]
        lines += (entry.report.drift?.differences ?? []).map { "      \($0.text)" }
        lines += entry.steps.sorted { $0.reading < $1.reading }.map { "    \($0.text)" }
        let sentences = [entry.steps.isEmpty ? entry.reason : nil] + status.conditions.map(\.notice)
        for sentence in sentences.compactMap({ $0 }) where !lines.contains("      \(sentence)") {
            lines.append("      \(sentence)")
        }
        return lines
    }

    private func place(_ status: WorkloadStatus) -> String {
        guard let file = status.file else { return "" }
        return "  (\(file)\(status.line.map { ":\($0)" } ?? ""))"
    }

    private var total: String {
        let steps = entries.flatMap(\.steps)
        guard !steps.isEmpty else {
            let state = plan.summary.conditions.first { $0.type == .ready }?.message ?? ""
            return plan.isConverged ? "No changes: \(state)." : "No changes to make now: \(state)."
        }
        func count(_ verb: PlannedAction.Verb) -> Int {
            steps.count { $0.action.verb == verb && $0.state != .inFlight }
        }
        func count(_ state: ActionState) -> Int { steps.count { $0.state == state } }
        let states = [(ActionState.due, "now"), (.waiting, "waiting"), (.held, "held"), (.inFlight, "in flight")]
            .map { (count($0), $1) }.filter { $0.0 > 0 }.map { "\($0) \($1)" }
        return "Plan: \(count(.schedule)) to schedule, \(count(.update)) to update, \(count(.stop)) to stop "
            + "(\(states.joined(separator: ", ")))."
    }

    private var held: [String] {
        let owner = plan.summary.conditions.filter { condition in
            condition.type == .held && !plan.holds.contains { $0.guardName == condition.reason }
        }
        guard !plan.holds.isEmpty || !owner.isEmpty else { return [] }
        return ["", "Held:"] + owner.map { "  \($0.reason): \($0.message)" }
            + plan.holds.flatMap { hold in
                ["  \(hold.guardName): \(WaitReason(rawValue: hold.guardName).text)"]
                    + hold.lines.map { "    \($0)" }
                    + ["  To let exactly this through: \(SummaryStatus.HeldSet(hold).approve)"]
            }
    }

    private var findings: [String] {
        guard !plan.findings.isEmpty else { return [] }
        return ["", "Noticed:"] + plan.findings.map { "  \($0.reason): \($0.subject): \($0.message)" }
    }
}

extension PlanEntry {
    fileprivate var symbol: String {
        let verbs = Set(steps.map(\.action.verb))
        if verbs.isEmpty { return "!" }
        if verbs.isSuperset(of: [.stop, .schedule]) { return "-/+" }
        if report.status.replicas.live == 0 { return "+" }
        return report.status.replicas.desired == 0 ? "-" : "~"
    }
}

extension Step {
    /// People read slot by slot, and what is stopped before what takes its place.
    fileprivate var reading: (Int, Int) {
        switch action.verb {
        case .stop: (action.ordinal, 0)
        case .update: (action.ordinal, 1)
        case .schedule: (action.ordinal, 2)
        }
    }

    fileprivate var text: String {
        let sign =
            switch action.verb {
            case .schedule: "+"
            case .update: "~"
            case .stop: "-"
            }
        let line = "\(sign) \(action.verb) \(action.name)/\(action.ordinal): \(action.reason)"
        return switch state {
        case .due: line
        case .inFlight: "\(line) [in flight]"
        case .waiting, .held: "\(line) [\(state)\(waitsFor.map { ": \($0)" } ?? "")]"
        }
    }
}

extension Difference {
    fileprivate var text: String {
        if desired == observed, let desired { return "\(field): \(desired)" }
        return "\(field): \(observed ?? "(none)") -> \(desired ?? "(none)")"
    }
}

extension Condition {
    /// What a person must know of it.
    fileprivate var notice: String? {
        switch type {
        case .stalled, .stale: message
        case .held, .ready, .reconciling: nil
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
