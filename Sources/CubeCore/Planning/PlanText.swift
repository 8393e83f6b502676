import CubeTypes

/// A plan for people, in the manner of Terraform: `+` is started, `-` is stopped, `-/+` is replaced (stopped first, started
/// then), `~` is changed, `!` needs a look. What does not go on at once says what it waits for, or what holds it.
///
/// The same plan has the same text, whatever the order of its input.
package struct PlanText: Sendable {
    private let plan: PlanDocument

    package init(_ plan: PlanDocument) { self.plan = plan }

    package var text: String {
        var lines: [String] = []
        for workload in plan.workloads { lines += self.lines(of: workload) + [""] }
        lines.append(total)
        lines += held
        lines += findings
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(of workload: PlanDocument.Workload) -> [String] {
        var lines = ["\(workload.symbol.padded(to: 3)) \(workload.name)" + place(workload)]
        lines += workload.differences.map { "      \($0.text)" }
        lines += workload.actions.sorted { $0.reading < $1.reading }.map { "    \($0.text(of: workload.name))" }
        for note in workload.notes where !lines.contains("      \(note)") { lines.append("      \(note)") }
        return lines
    }

    private func place(_ workload: PlanDocument.Workload) -> String {
        guard let file = workload.file else { return "" }
        return "  (\(file)\(workload.line.map { ":\($0)" } ?? ""))"
    }

    private var total: String {
        let actions = plan.workloads.flatMap(\.actions)
        guard !actions.isEmpty else {
            return plan.converged ? "No changes: \(plan.state)." : "No changes to make now: \(plan.state)."
        }
        func count(_ verb: PlannedAction.Verb) -> Int {
            actions.count { $0.verb == verb && $0.state != .inFlight }
        }
        func count(_ state: ActionState) -> Int { actions.count { $0.state == state } }
        let states = [(ActionState.due, "now"), (.waiting, "waiting"), (.held, "held"), (.inFlight, "in flight")]
            .map { (count($0), $1) }.filter { $0.0 > 0 }.map { "\($0) \($1)" }
        return "Plan: \(count(.schedule)) to schedule, \(count(.update)) to update, \(count(.stop)) to stop "
            + "(\(states.joined(separator: ", ")))."
    }

    private var held: [String] {
        guard !plan.holds.isEmpty || !plan.notices.isEmpty else { return [] }
        return ["", "Held:"] + plan.notices.map { "  \($0)" }
            + plan.holds.flatMap { hold in
                ["  \(hold.message) (\(hold.reason))"]
                    + hold.changes.map { "    \($0)" }
                    + ["  To let exactly this through: \(hold.approve)"]
            }
    }

    private var findings: [String] {
        guard !plan.findings.isEmpty else { return [] }
        return ["", "Noticed:"] + plan.findings.map { "  \($0.text) (\($0.reason))" }
    }
}

extension PlanDocument.Workload {
    fileprivate var symbol: String {
        let verbs = Set(actions.map(\.verb))
        if verbs.isEmpty { return "!" }
        if verbs.isSuperset(of: [.stop, .schedule]) { return "-/+" }
        if replicas.live == 0 { return "+" }
        return replicas.desired == 0 ? "-" : "~"
    }
}

extension PlanDocument.Action {
    /// People read slot by slot, and what is stopped before what takes its place.
    fileprivate var reading: (Int, Int) {
        switch verb {
        case .stop: (ordinal, 0)
        case .update: (ordinal, 1)
        case .schedule: (ordinal, 2)
        }
    }

    fileprivate func text(of name: WorkloadName) -> String {
        let sign =
            switch verb {
            case .schedule: "+"
            case .update: "~"
            case .stop: "-"
            }
        let line = "\(sign) \(verb) \(name)/\(ordinal): \(reason)"
        return switch state {
        case .due: line
        case .inFlight: "\(line) [in flight]"
        case .waiting: "\(line) [\(waitsFor?.text ?? "\(state)")]"
        case .held: "\(line) [held\(waitsFor.map { ": \($0.text)" } ?? "")]"
        }
    }
}

extension Difference {
    fileprivate var text: String {
        if desired == observed, let desired { return "\(field): \(desired)" }
        return "\(field): \(observed ?? "(none)") -> \(desired ?? "(none)")"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
