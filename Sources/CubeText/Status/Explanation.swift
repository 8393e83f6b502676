package import CubeCore
import CubeJSON
package import CubeTypes

/// All that is known of one workload.
package struct Explanation: Encodable, Sendable {
    package var name: WorkloadName
    package var status: WorkloadStatus?
    package var drift: DriftReport?
    /// What guards hold of it, with what releases that.
    package var holds: [SummaryStatus.HeldSet] = []
    package var tasks: [TaskStatus] = []
    package var events: [TaskEvent] = []
    /// What was done last.
    package var history: [PastAction] = []
    /// Why the status may not be how things are; `nil` where it is.
    package var outdated: String?
    /// What could not be asked, and why.
    package var missing: String?

    package init(name: WorkloadName) { self.name = name }

    enum CodingKeys: String, CodingKey { case name, status, drift, holds, tasks, events, history, outdated, missing }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(status, forKey: .status)
        try container.encode(drift, forKey: .drift)
        try container.encode(holds, forKey: .holds)
        // Values of `env` are never shown.
        try container.encode(tasks.map(TaskSummary.init), forKey: .tasks)
        try container.encode(events, forKey: .events)
        try container.encode(history, forKey: .history)
        try container.encode(outdated, forKey: .outdated)
        try container.encode(missing, forKey: .missing)
    }

    /// - Parameter now: the moment that ages are counted until.
    package func lines(now: Timestamp) -> [TextLine] {
        var lines = headline(now)
        if let outdated { lines.append("\("  Not current: \(outdated).", .yellow)") }
        lines += holds.map { "  \($0.sentence)." }
        if let drift {
            lines.append("It differs from its manifest:")
            lines += drift.differences.map {
                // The values of `env` are not shown.
                $0.desired == $0.observed
                    ? "  \($0.field): \($0.desired ?? "changed")"
                    : "  \($0.field): is \($0.observed ?? "absent"), should be \($0.desired ?? "absent")"
            }
            lines += drift.actions.sorted { $0.reading < $1.reading }.map {
                "  \($0.verb.rawValue) \(name)/\($0.ordinal), \($0.state.words)\($0.why)"
            }
        }
        lines += tasks.isEmpty ? [] : ["Its tasks:"] + taskLines(now)
        if !history.isEmpty { lines.append("What was done last:") }
        lines += history.map { "  \($0.text)" }
        if !events.isEmpty { lines.append("What happened last:") }
        lines += events.map { "  \($0.line)" }
        if let missing { lines.append("\("The manager could not be asked: \(missing)", .yellow)") }
        return lines
    }

    /// How it is, and why.
    private func headline(_ now: Timestamp) -> [TextLine] {
        let title = TextLine(name.rawValue, .bold)
        guard let status else {
            let isOver = tasks.allSatisfy(\.state.hasEnded)
            return ["\(title): no reconciler tells of it here\(isOver ? ", and nothing of it runs" : "")."]
        }
        let place = status.place.map { " (\($0))" } ?? ""
        let readiness = status.readiness == "done" ? "done" : "\(status.readiness) ready"
        // That it is not ready needs no line of its own where another one says the same.
        let told = Set(status.conditions.filter { $0.type != .ready && $0.status }.map(\.message))
        let conditions = status.conditions.filter { $0.type != .ready || !$0.status && !told.contains($0.message) }
        let conditionLines = conditions.map { condition -> TextLine in
            let kind = "\(condition.status ? "" : "Not ")\(condition.type.rawValue)"
            let age = Age(since: condition.lastTransitionTime, until: now)
            return "  \(kind) since \(age): \(condition.message) (\(condition.reason))"
        }
        let problems = status.diagnostics.map { diagnostic -> TextLine in
            let start = diagnostic.range.start
            return "\("  \(diagnostic.range.filename):\(start.line):\(start.column): \(diagnostic.message)", .red)"
        }
        return ["\(title)\(place): \(status.sync.rawValue), \(status.health.rawValue); \(readiness)."] + conditionLines
            + problems
    }

    /// What lives, and of each slot what ended last: the first 20 of them.
    private func taskLines(_ now: Timestamp) -> [TextLine] {
        var last: [Int: Int] = [:]
        for task in tasks where task.state.hasEnded {
            last[task.ordinal] = max(task.attempt, last[task.ordinal] ?? 0)
        }
        let shown = tasks.filter { !$0.state.hasEnded || last[$0.ordinal] == $0.attempt }
            .sorted { ($0.ordinal, $0.attempt) < ($1.ordinal, $1.attempt) }
        let lines = shown.prefix(20).flatMap { task -> [TextLine] in
            let node = task.node.map { " on \($0)" } ?? ""
            let again = task.notBefore.map { $0 > now ? "; starts again in \(Age(since: now, until: $0))" : "" } ?? ""
            let why = task.why.map { " (\($0))" } ?? ""
            let line: TextLine =
                "  \(name)/\(task.ordinal), attempt \(task.attempt): \(task.state)\(node), "
                + "\(Count(task.restarts, "restart"))\(why)\(again)"
            return [line] + task.messageLines.dropFirst().map { "      \($0)" }
        }
        let rest = tasks.count - min(shown.count, 20)
        return lines + (rest > 0 ? ["  … and \(rest) more: `cube task list --all`"] : [])
    }
}

extension DriftAction {
    /// People read slot by slot, and what is stopped before what takes its place.
    fileprivate var reading: (Int, Int) { (ordinal, verb == .stop ? 0 : verb == .update ? 1 : 2) }
}
