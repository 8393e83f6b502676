package import CubeCore
package import CubeTypes

/// One frame of the live view.
package struct LiveFrame: Sendable {
    package var title: String
    package var foot: String
    package var form = StatusTable.Form.brief
    /// Why the status may be out of date; `nil` if it is current.
    package var warning: String?
    /// The latest log lines.
    package var logLines: [TextLine] = []
    package var summary: SummaryStatus?
    /// By name.
    package var reports: [WorkloadReport]
    /// The present, for ages.
    package var now: Timestamp

    package init(
        title: String, foot: String, summary: SummaryStatus?, reports: [WorkloadReport], now: Timestamp
    ) {
        self.title = title
        self.foot = foot
        self.summary = summary
        self.reports = reports
        self.now = now
    }

    /// The frame, in at most `rows - 1` lines of at most `columns` characters.
    package func lines(columns: Int, rows: Int) -> [TextLine] {
        var foot = due
        if let summary {
            foot += summary.conditions.filter { [.stale, .stalled].contains($0.type) && $0.status }
                .map { "\("\($0.type.rawValue): \($0.message)", .yellow)" }
            foot += summary.holds.flatMap { hold in
                [
                    "\("held by \(hold.reason): \(hold.changes.shortList)", .yellow)",
                    "  approve with: \(hold.approve)",
                ] as [TextLine]
            }
        }
        if let warning { foot.append(TextLine(warning, .yellow)) }
        foot += logLines
        foot.append(TextLine(self.foot, .dim))
        var lines = [TextLine(headline, .bold)]
        let shown = fitting(rows - 4 - foot.count)
        lines += list(shown)
        if reports.count > shown.count { lines.append("… and \(reports.count - shown.count) more") }
        return (lines + foot).prefix(max(1, rows - 1)).map { $0.cut(columns) }
    }

    /// The first workloads that fit, including the lines for their reasons.
    private func fitting(_ rows: Int) -> [WorkloadStatus] {
        var room = rows
        return Array(
            order.prefix { workload in
                room -= table.rows(workload).count + (workload.why == nil ? 0 : 1)
                return room >= 0
            })
    }

    private func list(_ workloads: [WorkloadStatus]) -> [TextLine] {
        workloads.isEmpty ? [] : table.stacked(workloads)
    }

    private var table: StatusTable { StatusTable(form: form, now: now) }

    private var headline: String { "\(title): \(summary?.headline ?? "starting")" }

    /// The workloads by urgency: degraded or missing ones, then other differences, then the rest; each group by name.
    private var order: [WorkloadStatus] {
        func rank(_ workload: WorkloadStatus) -> Int {
            if workload.health == .degraded || workload.health == .missing { return 0 }
            return workload.sync == .synced && workload.health == .healthy ? 2 : 1
        }
        return reports.map(\.status).sorted { (rank($0), $0.name) < (rank($1), $1.name) }
    }

    /// The due and waiting actions. The stop of a task and the start of its successor count as one action.
    private var due: [TextLine] {
        let actions = reports.compactMap(\.drift).flatMap { drift in
            let slots = drift.actions.filter { $0.waitsFor == .slotStopping }.map(\.ordinal)
            return drift.actions.filter { $0.state != .held && $0.waitsFor != .slotStopping }.map { action in
                let verb = slots.contains(action.ordinal) ? "replace" : action.verb.rawValue
                let line = "\(verb) \(drift.name)/\(action.ordinal)\(action.why)"
                // The reason of a waiting action already says that it waits.
                return action.state == .waiting ? "\(line)" : "\(action.state.words): \(line)" as TextLine
            }
        }
        return actions.prefix(5) + (actions.count > 5 ? ["… and \(actions.count - 5) more actions"] : [])
    }
}
