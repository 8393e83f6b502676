import CubeCore
import CubeTypes

/// Shows the status in place on a terminal.
struct StatusScreen: StatusViewer {
    let form: StatusTable.Form
    private let screen = LiveScreen()

    init(form: StatusTable.Form) { self.form = form }

    func show(_ picture: StatusPicture, changed: Set<WorkloadName>) -> Bool {
        let size = Terminal.size
        var frame = LiveFrame(
            title: "cube status", foot: "Ctrl-C ends this.", summary: picture.summary, reports: picture.reports)
        frame.form = form
        frame.warning = picture.author.outdated.map { "Not current: \($0)" }
        screen.show(frame.lines(columns: size.columns, rows: size.rows, terminal: .standardOutput))
        return true
    }
}

/// Tells the status line by line, first all of it, then what changes.
struct StatusLines: StatusViewer {
    /// Whether each line is a JSON object.
    let isJSON: Bool
    let write: @Sendable (String) -> Bool
    /// What was said last of each workload, of everything, and of who reconciles.
    private var told: [WorkloadName: String] = [:]
    private var toldOfAll: [String] = []

    init(isJSON: Bool, write: @Sendable @escaping (String) -> Bool) {
        self.isJSON = isJSON
        self.write = write
    }

    mutating func show(_ picture: StatusPicture, changed: Set<WorkloadName>) throws -> Bool {
        for name in changed.sorted() {
            let line = try picture.workloads[name].map(line)
            guard line != told[name] else { continue }
            told[name] = line
            guard say(try line ?? goneLine(name)) else { return false }
        }
        let lines = try linesOfAll(picture)
        defer { toldOfAll = lines }
        return lines.allSatisfy { toldOfAll.contains($0) || say($0) }
    }

    private func say(_ line: String) -> Bool { write(isJSON ? line : "\(Timestamp.now) \(line)") }

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
        if isJSON {
            return try [picture.summary.map { try JSONText.line(["summary": $0]) }, JSONText.line(picture.author)]
                .compactMap { $0 }
        }
        var lines = picture.summary.map { ["all \($0.headline)"] + $0.notes } ?? []
        if let outdated = picture.author.outdated { lines.append("Not current: \(outdated)") }
        return lines
    }
}
