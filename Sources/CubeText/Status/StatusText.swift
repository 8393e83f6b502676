package import CubeCore
import CubeTypes

/// The status as text: the table of workloads, then notes about the whole.
package struct StatusText: Sendable {
    private let summary: SummaryStatus
    private let workloads: [WorkloadStatus]
    private let reconciler: String?
    private let outdated: String?
    private let table: StatusTable

    /// - Parameters:
    ///   - reconciler: The running reconciler; `nil` if there is none.
    ///   - outdated: Why the status may be out of date; `nil` if it is current.
    package init(
        _ summary: SummaryStatus, _ workloads: [WorkloadStatus], reconciler: String?, outdated: String?,
        table: StatusTable
    ) {
        self.summary = summary
        self.workloads = workloads
        self.reconciler = reconciler
        self.outdated = outdated
        self.table = table
    }

    /// - Parameter columns: The width of the terminal. Longer lines are wrapped between words.
    package func lines(columns: Int = .max) -> [TextLine] {
        let rows = workloads.isEmpty ? ["No workloads."] : table.lines(workloads, columns: columns)
        return rows + [""] + notes.flatMap { $0.wrapped(columns) }
    }

    package var markdown: [MarkdownLine] {
        // As list items, the notes stay on lines of their own.
        table.table(workloads).markdown + [""] + notes.map { "- \($0)" }
    }

    private var notes: [TextLine] {
        var notes: [TextLine] = [
            "\(summary.sync.rawValue), \(summary.health.rawValue); owner \(summary.owner), \(summary.source.words)."
        ]
        if let reconciler = reconciler { notes.append("Reconciled by \(reconciler).") }
        if let outdated = outdated { notes.append("\("Not current: \(outdated).", .yellow)") }
        return notes + summary.notes.map { TextLine($0, .yellow) }
    }
}
