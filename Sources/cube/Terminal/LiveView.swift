import CubeCore
import CubeReconciler
import CubeTypes
import Glibc
import ServiceLifecycle
import Synchronization

/// What runs, what is due, and what is held and why, redrawn in place at the bottom of a terminal; log lines scroll above it.
final class LiveView: Service {
    private let title: String
    private let foot: String
    private let state: ReconcilerState
    private let sink: LineSink
    /// The lines of the terminal that are its own now.
    private let drawn = Mutex<[String]>([])

    init(title: String, foot: String, state: ReconcilerState, sink: LineSink) {
        self.title = title
        self.foot = foot
        self.state = state
        self.sink = sink
    }

    func run() async throws {
        sink.redirect { [self] line in redraw(below: line) }
        for await _ in state.updates().cancelOnGracefulShutdown() {
            let size = Terminal.size
            redraw(
                LiveFrame(title: title, foot: foot, view: state.view).lines(
                    columns: size.columns, rows: size.rows, terminal: .standardOutput))
            // A picture goes over all workloads: what changes faster than anyone reads is drawn together.
            try? await Task.sleep(for: .milliseconds(100))  // Cancelled: this was the last one.
        }
        redraw([])
        sink.redirect(to: nil)
    }

    /// - Parameters:
    ///   - lines: the new picture; `nil`: the one that is there.
    ///   - line: what is to stand above it for ever.
    private func redraw(_ lines: [String]? = nil, below line: String? = nil) {
        drawn.withLock { drawn in
            var text = drawn.isEmpty ? "" : "\r\u{1B}[\(drawn.count)A\u{1B}[J"
            if let line { text += "\(line)\n" }
            drawn = lines ?? drawn
            Terminal.write(text + drawn.map { "\($0)\n" }.joined(), to: STDOUT_FILENO)
        }
    }
}

/// One picture of the live view.
struct LiveFrame {
    var title: String
    var foot: String
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
        foot.append(terminal.styled(self.foot.cut(columns), .dim))
        let room = max(0, rows - 4 - foot.count)
        let shown = order.prefix(room)
        var lines = [terminal.styled(headline.cut(columns), .bold)]
        if !shown.isEmpty {
            let table = Table(
                "WORKLOAD", "SYNC", "HEALTH", "READY", "RESTARTS", "WHY",
                rows: shown.map { workload in
                    [
                        Table.Cell(workload.name.rawValue, .bold), Table.Cell(workload.sync),
                        Table.Cell(workload.health),
                        "\(workload.readiness)",
                        "\(workload.tasks.map(\.restarts).reduce(0, +))", "\(workload.why ?? "")",
                    ]
                })
            lines += table.text(terminal, columns: columns).split(separator: "\n").map(String.init)
        }
        if reports.count > shown.count { lines.append("… and \(reports.count - shown.count) more".cut(columns)) }
        return Array((lines + foot).prefix(max(1, rows - 1)))
    }

    private var headline: String {
        guard let summary else { return "\(title): starting" }
        let counts = summary.counts
        let figures = [
            "\(counts.workloads) workload\(counts.workloads == 1 ? "" : "s")", "\(counts.healthy) healthy",
            counts.degraded > 0 ? "\(counts.degraded) degraded" : nil,
            counts.suspended > 0 ? "\(counts.suspended) suspended" : nil,
            counts.outOfSync > 0 ? "\(counts.outOfSync) out of sync" : nil,
            counts.held > 0 ? "\(counts.held) held" : nil,
        ].compactMap { $0 }
        return "\(title): \(summary.sync.rawValue), \(summary.health.rawValue); \(figures.joined(separator: ", "))"
    }

    /// What needs a look first: what is not well, then what differs, then the rest by name.
    private var order: [WorkloadStatus] {
        func rank(_ workload: WorkloadStatus) -> Int {
            if workload.health == .degraded || workload.health == .missing { return 0 }
            return workload.sync == .synced && workload.health == .healthy ? 2 : 1
        }
        return reports.map(\.status).sorted { (rank($0), $0.name) < (rank($1), $1.name) }
    }

    private func due(_ terminal: Terminal, _ columns: Int) -> [String] {
        let actions = reports.compactMap(\.drift).flatMap { drift in drift.actions.map { (drift.name, $0) } }
            .filter { $0.1.state != .held }
        let lines = actions.prefix(5).map { name, action in
            "\(action.state.words): \(action.verb.rawValue) \(name)/\(action.ordinal) (\(action.reason))".cut(columns)
        }
        return lines + (actions.count > 5 ? ["… and \(actions.count - 5) more actions".cut(columns)] : [])
    }
}

extension String {
    /// The text where it fits, else its beginning and an ellipsis.
    func cut(_ columns: Int) -> String { count <= columns ? self : prefix(max(0, columns - 1)) + "…" }
}
