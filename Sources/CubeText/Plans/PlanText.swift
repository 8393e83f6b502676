package import CubeCore
import CubeTypes

/// A plan as text, with symbols as in Terraform: `+` starts, `-` stops, `-/+` replaces (stops first), `~` changes, `!`
/// needs attention. An action that is not carried out immediately shows what it waits for or what holds it.
///
/// The text depends only on the plan, not on the order of its input.
package struct PlanText: Sendable {
    private let plan: PlanDocument

    package init(_ plan: PlanDocument) { self.plan = plan }

    /// The text without styles.
    package var text: String { lines.text }

    /// The plan as a code block, which preserves the symbols and the indentation.
    package var markdown: [MarkdownLine] { MarkdownLine.fenced(lines) }

    package var lines: [TextLine] {
        var lines: [TextLine] = []
        for workload in plan.workloads { lines += self.lines(of: workload) + [""] }
        lines.append(total)
        lines += held
        lines += findings
        return lines
    }

    private func lines(of workload: PlanDocument.Workload) -> [TextLine] {
        let symbol = workload.symbol
        var lines: [TextLine] = ["\(symbol.padded, symbol.style) \(workload.name, .bold)" + place(workload)]
        lines += workload.differences.map { "      \($0.text)" }
        lines += workload.actions.sorted { $0.reading < $1.reading }.map { "    \($0.text(of: workload.name))" }
        for note in workload.notes.map({ "      \($0)" as TextLine }) where !lines.contains(note) { lines.append(note) }
        return lines
    }

    private func place(_ workload: PlanDocument.Workload) -> TextLine {
        guard let file = workload.file else { return "" }
        return "  (\(file)\(workload.line.map { ":\($0)" } ?? ""))"
    }

    private var total: TextLine {
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

    private var held: [TextLine] {
        guard !plan.holds.isEmpty || !plan.notices.isEmpty else { return [] }
        var lines: [TextLine] = ["", "\("Held:", .yellow)"]
        lines += plan.notices.map { "  \($0)" }
        for hold in plan.holds {
            lines.append("  \(hold.message) (\(hold.reason))")
            lines += hold.changes.map { "    \($0)" }
            lines.append("  Approve exactly these changes with: \(hold.approve)")
        }
        return lines
    }

    private var findings: [TextLine] {
        guard !plan.findings.isEmpty else { return [] }
        return ["", "Findings:"] + plan.findings.map { "  \($0.text) (\($0.reason))" }
    }
}

extension PlanDocument.Workload {
    fileprivate var symbol: ChangeSymbol {
        ChangeSymbol(of: actions.map { ($0.ordinal, $0.verb) }, replicas)
    }
}

extension ReportedAction {
    fileprivate func text(of name: WorkloadName) -> TextLine {
        let sign: ChangeSymbol =
            switch verb {
            case .schedule: .start
            case .update: .change
            case .stop: .stop
            }
        let line: TextLine = "\(sign.rawValue, sign.style) \(verb) \(name)/\(ordinal): \(message)"
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
