import ArgumentParser
import CubeCore
import CubeJSON
import CubeTypes

struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how everything is: what runs, what differs, what is held and why.",
        discussion: .flowing(
            """
            Reads what the reconciler wrote to .cube/status, and asks it whether that is current. SYNC tells whether what runs
            is what the manifests say, HEALTH whether it is well, WHY what to look at.

            Examples:
              cube status
              cube status -o json
              cube explain web
            """))

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let files = WrittenStatus(data: place.data)
        guard let summary = try files.summary() else {
            throw Failure(
                "no reconciler has written a status to \(place.data.status) yet",
                hint: "`cube up` starts one; `cube task list` asks the manager itself")
        }
        let author = try await StatusAuthor.find(in: place.data)
        let status = Status(
            summary: summary, reconciler: author.reconciler, outdated: author.outdated,
            workloads: try files.workloads())
        switch output.output {
        case .json: Terminal.output(try JSONText.pretty(status))
        case .text, .markdown:
            try output.write(status, as: status.table)
            for line in status.notes(Terminal.standardOutput) { Terminal.output(line) }
        }
    }
}

/// The summary and all workloads.
private struct Status: Encodable {
    var summary: SummaryStatus
    /// Who reconciles now; `nil`: nobody.
    var reconciler: String?
    /// Why the rest may not be how things are; `nil` where it is.
    var outdated: String?
    var workloads: [WorkloadStatus]

    var table: Table {
        Table(
            "WORKLOAD", "SYNC", "HEALTH", "READY", "RESTARTS", "FILE", "WHY",
            rows: workloads.map { workload in
                [
                    Table.Cell(workload.name.rawValue, .bold), Table.Cell(workload.sync), Table.Cell(workload.health),
                    "\(workload.readiness)",
                    "\(workload.tasks.map(\.restarts).reduce(0, +))", "\(workload.file ?? "-")",
                    "\(workload.why ?? "")",
                ]
            })
    }

    func notes(_ terminal: Terminal) -> [String] {
        var notes = [""]
        notes.append(
            "\(summary.sync.rawValue), \(summary.health.rawValue); owner \(summary.owner), \(summary.source.words).")
        if let reconciler { notes.append("Reconciled by \(reconciler).") }
        if let outdated { notes.append(terminal.styled("Not current: \(outdated).", .yellow)) }
        // What is held is listed below, with the word that releases it.
        let listed = Set(summary.holds.map(\.reason))
        notes += summary.conditions.filter { $0.type != .ready && $0.status && !listed.contains($0.reason) }
            .map { terminal.styled("\($0.type.rawValue): \($0.message) (\($0.reason))", .yellow) }
        notes += summary.holds.map { hold in
            terminal.styled("Held by \(hold.reason): \(hold.changes.shortList). Release it: \(hold.approve)", .yellow)
        }
        return notes
    }
}

extension WorkloadStatus {
    /// How many of its tasks are ready, of how many; of a job whose tasks completed, that.
    var readiness: String {
        if kind == .job, !tasks.isEmpty, tasks.allSatisfy({ $0.state == .completed }) { return "done" }
        return "\(replicas.ready)/\(replicas.desired)"
    }

    /// What of it a person should look at, in a few words.
    var why: String? {
        let problems = diagnostics.prefix(1).map { "\($0.range.filename):\($0.range.start.line): \($0.summary)" }
        // That something is being done is no trouble of its own: only what it is.
        let told = conditions.filter { $0.type != .ready && $0.status }
            .map { $0.type == .reconciling ? $0.message : "\($0.type.rawValue): \($0.message)" }
        let unready = told.isEmpty ? conditions.filter { $0.type == .ready && !$0.status }.map(\.message) : []
        let all = told + unready + problems
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }
}

extension SourceRevision {
    /// Such as `manifests at 4be1c02 (changed)`, `https://host/deploy.git, manifests, at 4be1c02`.
    var words: String {
        let commit = commit.map { " at \($0.prefix(7))\(dirty == true ? " (changed)" : "")" } ?? ""
        guard let url else { return path + commit }
        let details = [path.isEmpty ? nil : path, branch.map { "branch \($0)" }].compactMap { $0 }
        return ([url] + details).joined(separator: ", ") + (commit.isEmpty ? "" : ",\(commit)")
    }
}

extension [String] {
    /// The first ten, and how many more there are.
    var shortList: String {
        prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
    }
}
