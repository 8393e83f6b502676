import CubeCore
import CubeTypes
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// What runs, what is due, and what is held and why, redrawn in place at the bottom of a terminal; log lines scroll above it.
final class LiveView: Service {
    private let title: String
    private let status: WrittenStatus
    private let sink: LineSink
    /// How many lines of the terminal are its own now.
    private let drawn = Mutex(0)

    init(title: String, status: WrittenStatus, sink: LineSink) {
        self.title = title
        self.status = status
        self.sink = sink
    }

    func run() async throws {
        sink.redirect { [self] line in
            drawn.withLock { drawn in
                Self.erase(&drawn)
                Terminal.output(line)
            }
        }
        // The view ends with its program, whatever ends that; the sleep throws then.
        try? await cancelWhenGracefulShutdown { [self] in
            while true {
                draw()
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        sink.redirect(to: nil)
        drawn.withLock { Self.erase(&$0) }
    }

    private func draw() {
        let size = Terminal.size
        let lines: [String]
        do {
            lines = try LiveFrame(title: title, status: status).lines(
                columns: size.columns, rows: size.rows, terminal: .standardOutput)
        } catch {
            lines = ["\(title): the status cannot be read: \(Failure(error).message)"]
        }
        drawn.withLock { drawn in
            Self.erase(&drawn)
            Terminal.write(lines.map { "\($0)\n" }.joined(), to: STDOUT_FILENO)
            drawn = lines.count
        }
    }

    private static func erase(_ drawn: inout Int) {
        if drawn > 0 { Terminal.write("\u{1B}[\(drawn)A\u{1B}[J", to: STDOUT_FILENO) }
        drawn = 0
    }
}

/// One picture of the live view.
struct LiveFrame {
    /// Beyond this, only what drifts is shown: reading every file twice a second would cost more than it tells.
    private static let limit = 200

    var title: String
    var summary: SummaryStatus?
    var workloads: [WorkloadStatus]
    var drifts: [DriftReport]

    init(title: String, summary: SummaryStatus?, workloads: [WorkloadStatus], drifts: [DriftReport]) {
        self.title = title
        self.summary = summary
        self.workloads = workloads
        self.drifts = drifts
    }

    init(title: String, status: WrittenStatus) throws {
        let summary = try status.summary()
        let drifting = try Array(status.driftingNames().prefix(Self.limit))
        let isSmall = (summary?.counts.workloads ?? 0) <= Self.limit
        self.init(
            title: title, summary: summary,
            workloads: isSmall ? try status.workloads() : try drifting.compactMap(status.workload),
            drifts: try drifting.compactMap(status.drift))
    }

    /// At most `rows - 1` lines of at most `columns` characters.
    func lines(columns: Int, rows: Int, terminal: Terminal) -> [String] {
        var foot = due(terminal, columns)
        if let summary {
            foot += summary.conditions.filter { $0.type != .ready && $0.type != .held && $0.status }
                .map { terminal.styled("\($0.type.rawValue): \($0.message)".cut(columns), .yellow) }
            foot += summary.holds.flatMap { hold in
                [
                    terminal.styled("held by \(hold.reason): \(hold.changes.shortList)".cut(columns), .yellow),
                    "  release it with: \(hold.approve)".cut(columns),
                ]
            }
        }
        foot.append(terminal.styled("Ctrl-C ends this; tasks keep running.".cut(columns), .dim))
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
                        "\(workload.replicas.ready)/\(workload.replicas.desired)",
                        "\(workload.tasks.map(\.restarts).reduce(0, +))", "\(workload.why ?? "")",
                    ]
                })
            lines += table.text(terminal, columns: columns).split(separator: "\n").map(String.init)
        }
        if workloads.count > shown.count { lines.append("… and \(workloads.count - shown.count) more".cut(columns)) }
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
        return workloads.sorted { (rank($0), $0.name) < (rank($1), $1.name) }
    }

    private func due(_ terminal: Terminal, _ columns: Int) -> [String] {
        let actions = drifts.flatMap { drift in drift.actions.map { (drift.name, $0) } }
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
