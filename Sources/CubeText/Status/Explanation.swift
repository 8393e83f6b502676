package import CubeCore
import CubeJSON
package import CubeTypes

/// Everything that is known about one workload.
package struct Explanation: Encodable, Sendable {
    package var name: WorkloadName
    package var status: WorkloadStatus?
    package var drift: DriftReport?
    /// Changes of the workload that guards hold, with the command that approves them.
    package var holds: [SummaryStatus.HeldSet] = []
    package var tasks: [TaskStatus] = []
    package var events: [TaskEvent] = []
    /// The latest actions.
    package var history: [PastAction] = []
    /// Why the status may be out of date; `nil` if it is current.
    package var outdated: String?
    /// Why the manager could not be queried; `nil` if it was.
    package var missing: String?

    package init(name: WorkloadName) { self.name = name }

    enum CodingKeys: String, CodingKey { case name, status, drift, holds, tasks, events, history, outdated, missing }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(status, forKey: .status)
        try container.encode(drift, forKey: .drift)
        try container.encode(holds, forKey: .holds)
        // A summary leaves out the values of `env`.
        try container.encode(tasks.map(TaskSummary.init), forKey: .tasks)
        try container.encode(events, forKey: .events)
        try container.encode(history, forKey: .history)
        try container.encode(outdated, forKey: .outdated)
        try container.encode(missing, forKey: .missing)
    }

    /// - Parameter now: the present, for ages.
    package func lines(now: Timestamp) -> [TextLine] {
        var lines = headline(now)
        if let outdated { lines.append("\("  Not current: \(outdated).", .yellow)") }
        lines += holds.map { "  \($0.sentence)." }
        if let drift {
            lines.append("Differences from its manifest:")
            lines += drift.differences.map {
                // Both sides are equal where the values are hidden, as those of `env` are.
                $0.desired == $0.observed
                    ? "  \($0.field): \($0.desired ?? "changed")"
                    : "  \($0.field): is \($0.observed ?? "absent"), should be \($0.desired ?? "absent")"
            }
            lines += drift.actions.sorted { $0.reading < $1.reading }.map {
                "  \($0.verb.rawValue) \(name)/\($0.ordinal), \($0.state.words)\($0.why)"
            }
        }
        lines += tasks.isEmpty ? [] : ["Tasks:"] + taskLines(now)
        if !history.isEmpty { lines.append("Latest actions:") }
        lines += history.map { "  \($0.text)" }
        if !events.isEmpty { lines.append("Latest events:") }
        lines += events.map { "  \($0.line)" }
        if let missing { lines.append("\("The manager could not be queried: \(missing)", .yellow)") }
        return lines
    }

    /// The status of the workload, and the reasons for it.
    private func headline(_ now: Timestamp) -> [TextLine] {
        let title = TextLine(name.rawValue, .bold)
        guard let status else {
            let isOver = tasks.allSatisfy(\.state.hasEnded)
            return ["\(title): no status is available here\(isOver ? ", and none of its tasks is running" : "")."]
        }
        let place = status.place.map { " (\($0))" } ?? ""
        let readiness = status.readiness == "done" ? "done" : "\(status.readiness) ready"
        // `Ready: false` needs no line of its own if another condition has the same message.
        let messages = Set(status.conditions.filter { $0.type != .ready && $0.status }.map(\.message))
        let conditions = status.conditions.filter { $0.type != .ready || !$0.status && !messages.contains($0.message) }
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

    /// The live tasks, and the task of each slot that ended last; at most 20.
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
