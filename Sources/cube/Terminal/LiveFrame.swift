import CubeCore
import CubeReconciler
import CubeTypes

/// One picture of the live view.
struct LiveFrame {
    var title: String
    var foot: String
    var form = StatusTable.Form.brief
    /// Why it may not be how things are; `nil` where it is.
    var warning: String?
    var summary: SummaryStatus?
    /// By name.
    var reports: [WorkloadReport]

    init(title: String, foot: String, summary: SummaryStatus?, reports: [WorkloadReport]) {
        self.title = title
        self.foot = foot
        self.summary = summary
        self.reports = reports
    }

    init(title: String, foot: String, view: ReconcilerState.View) {
        self.init(
            title: title, foot: foot, summary: view.summary,
            reports: view.workloads.values.sorted { $0.status.name < $1.status.name })
    }

    /// At most `rows - 1` lines of at most `columns` characters.
    func lines(columns: Int, rows: Int, terminal: Terminal) -> [String] {
        var foot = due(terminal, columns)
        if let summary {
            foot += summary.conditions.filter { [.stale, .stalled].contains($0.type) && $0.status }
                .map { terminal.styled("\($0.type.rawValue): \($0.message)".cut(columns), .yellow) }
            foot += summary.holds.flatMap { hold in
                [
                    terminal.styled("held by \(hold.reason): \(hold.changes.shortList)".cut(columns), .yellow),
                    "  release it with: \(hold.approve)".cut(columns),
                ]
            }
        }
        if let warning { foot.append(terminal.styled(warning.cut(columns), .yellow)) }
        foot.append(terminal.styled(self.foot.cut(columns), .dim))
        var lines = [terminal.styled(headline.cut(columns), .bold)]
        let shown = fitting(rows - 4 - foot.count)
        lines += table(of: shown, terminal, columns)
        if reports.count > shown.count { lines.append("… and \(reports.count - shown.count) more".cut(columns)) }
        return Array((lines + foot).prefix(max(1, rows - 1)))
    }

    /// The first workloads that find room, with the lines that say why they are as they are.
    private func fitting(_ rows: Int) -> [WorkloadStatus] {
        var room = rows
        return Array(
            order.prefix { workload in
                room -= StatusTable(form: form).rows(workload).count + (workload.why == nil ? 0 : 1)
                return room >= 0
            })
    }

    private func table(of workloads: [WorkloadStatus], _ terminal: Terminal, _ columns: Int) -> [String] {
        guard !workloads.isEmpty else { return [] }
        let table = StatusTable(form: form)
        var lines = table.table(workloads).text(terminal, columns: columns).split(separator: "\n").map(String.init)[...]
        var shown = [lines.removeFirst()]
        for workload in workloads {
            let rows = table.rows(workload).count
            shown += lines.prefix(rows)
            lines = lines.dropFirst(rows)
            if let why = workload.why { shown.append("  \(why)".cut(columns)) }
        }
        return shown
    }

    private var headline: String { "\(title): \(summary?.headline ?? "starting")" }

    /// What needs a look first: what is not well, then what differs, then the rest by name.
    private var order: [WorkloadStatus] {
        func rank(_ workload: WorkloadStatus) -> Int {
            if workload.health == .degraded || workload.health == .missing { return 0 }
            return workload.sync == .synced && workload.health == .healthy ? 2 : 1
        }
        return reports.map(\.status).sorted { (rank($0), $0.name) < (rank($1), $1.name) }
    }

    /// What is to be done, but for what is held; a task and its successor count as one.
    private func due(_ terminal: Terminal, _ columns: Int) -> [String] {
        let actions = reports.compactMap(\.drift).flatMap { drift in
            let slots = drift.actions.filter { $0.waitReason == .slotStopping }.map(\.ordinal)
            return drift.actions.filter { $0.state != .held && $0.waitReason != .slotStopping }.map { action in
                let verb = slots.contains(action.ordinal) ? "replace" : action.verb.rawValue
                return "\(action.state.words): \(verb) \(drift.name)/\(action.ordinal) (\(action.reason))"
            }
        }
        return actions.prefix(5).map { $0.cut(columns) }
            + (actions.count > 5 ? ["… and \(actions.count - 5) more actions".cut(columns)] : [])
    }
}

extension String {
    /// The text where it fits, else its beginning and an ellipsis.
    func cut(_ columns: Int) -> String { count <= columns ? self : prefix(max(0, columns - 1)) + "…" }

    /// How many characters of it a terminal shows: all but its styles.
    var visibleCount: Int { replacing(#/\u{1B}\[[0-9;]*m/#, with: "").count }
}
