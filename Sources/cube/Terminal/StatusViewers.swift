import CubeCore
import CubeText
import CubeTypes

/// Shows the status in place on a terminal.
struct StatusScreen: StatusViewer {
    let form: StatusTable.Form
    /// The workloads to show; if empty, all.
    let names: Set<WorkloadName>
    private let screen = LiveScreen()

    init(form: StatusTable.Form, names: Set<WorkloadName> = []) {
        self.form = form
        self.names = names
    }

    func show(_ seen: StatusPicture, changed: Set<WorkloadName>) -> Bool {
        let size = Terminal.size
        let picture = seen.attended
        var frame = LiveFrame(
            title: "cube status", foot: "Ctrl-C ends this.", summary: picture.summary,
            reports: picture.reports.filter { names.isEmpty || names.contains($0.status.name) }, now: .now)
        frame.form = form
        frame.warning = picture.freshness.outdated.map { "Not current: \($0)" }
        screen.show(frame.lines(columns: size.columns, rows: size.rows))
        return true
    }

    func end() { screen.close() }
}

/// Prints the status line by line: first everything, then the changes.
struct StatusLines: StatusViewer {
    /// Whether each line is a JSON object.
    let isJSON: Bool
    /// The workloads to print; if empty, all.
    let names: Set<WorkloadName>
    let write: @Sendable (TextLine) -> Bool
    /// The last lines that were printed for each workload, and for the whole status.
    private var told: [WorkloadName: String] = [:]
    private var toldOfAll: [String] = []

    init(isJSON: Bool, names: Set<WorkloadName> = [], write: @Sendable @escaping (TextLine) -> Bool) {
        self.isJSON = isJSON
        self.names = names
        self.write = write
    }

    mutating func show(_ picture: StatusPicture, changed: Set<WorkloadName>) throws -> Bool {
        for name in changed.sorted() where names.isEmpty || names.contains(name) {
            let line = try picture.workloads[name].map(line)
            guard line != told[name] else { continue }
            told[name] = line
            guard say(try line ?? goneLine(name)) else { return false }
        }
        let lines = try linesOfAll(picture)
        defer { toldOfAll = lines }
        return lines.allSatisfy { toldOfAll.contains($0) || say($0) }
    }

    func end() {}

    private func say(_ line: String) -> Bool { write(isJSON ? TextLine(line) : "\(Timestamp.now) \(line)") }

    private func line(_ report: WorkloadReport) throws -> String {
        let status = report.status
        if isJSON { return try JSONText.line(["workload": status]) }
        let why = status.why.map { ": \($0)" } ?? ""
        return "\(status.name) \(status.sync.rawValue), \(status.health.rawValue), \(status.readiness)\(why)"
    }

    private func goneLine(_ name: WorkloadName) throws -> String {
        isJSON ? try JSONText.line(["gone": name]) : "\(name) gone"
    }

    private func linesOfAll(_ picture: StatusPicture) throws -> [String] {
        let freshness = picture.freshness.judged(by: picture.summary)
        if isJSON {
            return try [picture.summary.map { try JSONText.line(["summary": $0]) }, JSONText.line(freshness)]
                .compactMap { $0 }
        }
        var lines = picture.summary.map { ["all \($0.headline)"] + $0.notes } ?? []
        if let outdated = freshness.outdated { lines.append("Not current: \(outdated)") }
        return lines
    }
}
