package import CubeCore
package import CubeTypes

/// A table of workloads.
package struct StatusTable: Sendable {
    package enum Form: Sendable {
        /// One row for each workload, with its reason below the row.
        case brief
        /// One row for each workload, with its file and its reason.
        case full
        /// One row for each task, with the health of the task itself.
        case wide
    }

    private let form: Form
    /// The present, for ages.
    private let now: Timestamp

    package init(form: Form, now: Timestamp) {
        self.form = form
        self.now = now
    }

    /// The column headings. If the table is too wide, the last column, WHY, is printed below the rows instead.
    private var headings: [String] {
        switch form {
        case .brief: ["WORKLOAD", "SYNC", "HEALTH", "READY", "RESTARTS", "AGE", "NODE"]
        case .full: ["WORKLOAD", "SYNC", "HEALTH", "READY", "RESTARTS", "AGE", "NODE", "FILE", "WHY"]
        case .wide:
            [
                "TASK", "SYNC", "HEALTH", "STATE", "READY", "RESTARTS", "NODE", "ATTEMPT", "AGE", "DIGEST", "ENDPOINTS",
                "SOURCE", "WHY",
            ]
        }
    }

    package func table(_ workloads: [WorkloadStatus]) -> Table {
        Table(headings: headings, rows: workloads.flatMap(rows))
    }

    /// The table if it fits; otherwise the form of ``stacked(_:columns:)``.
    package func lines(_ workloads: [WorkloadStatus], columns: Int) -> [TextLine] {
        let lines = table(workloads).lines()
        return lines.allSatisfy { $0.count <= columns } ? lines : stacked(workloads, columns: columns)
    }

    /// The table with the reason of each workload below its rows, wrapped between words.
    package func stacked(_ workloads: [WorkloadStatus], columns: Int = .max) -> [TextLine] {
        let table = table(workloads)
        let kept = form == .brief ? headings.count : headings.count - 1
        var rest = Table(headings: Array(headings.prefix(kept)), rows: table.rows.map { Array($0.prefix(kept)) })
            .lines()[...]
        var lines = [rest.removeFirst()]
        for workload in workloads {
            let count = rows(workload).count
            lines += rest.prefix(count)
            rest = rest.dropFirst(count)
            if let why = workload.why { lines += TextLine(why).wrapped(columns, indentation: 2) }
        }
        return lines
    }

    /// The rows of a workload; at least one.
    func rows(_ workload: WorkloadStatus) -> [[Table.Cell]] {
        let living = workload.tasks.filter { !$0.state.hasEnded }
        let youngest = living.compactMap(\.createdAt).max()
        let nodes = Set(living.compactMap(\.node)).sorted()
        let brief = [
            Table.Cell(workload.name.rawValue, .bold), Table.Cell(workload.sync), Table.Cell(workload.health),
            "\(workload.readiness)", "\(workload.tasks.map(\.restarts).reduce(0, +))",
            "\(youngest.map { Age(since: $0, until: now).description } ?? "-")",
            "\(nodes.count > 1 ? Count(nodes.count, "node").description : nodes.first?.rawValue ?? "-")",
        ]
        switch form {
        case .brief: return [brief]
        case .full: return [brief + ["\(workload.file ?? "-")", "\(workload.why ?? "")"]]
        case .wide:
            guard !workload.tasks.isEmpty else {
                let nothing = Array(repeating: "-" as Table.Cell, count: 8)
                return [brief.prefix(3) + nothing + ["\(workload.place ?? "-")", "\(workload.why ?? "")"]]
            }
            return workload.tasks.map { row($0, of: workload) }
        }
    }

    private func row(_ task: TaskSummary, of workload: WorkloadStatus) -> [Table.Cell] {
        let endpoints = task.endpoints.map { "\($0.name)=\($0.address)" }.joined(separator: ",")
        // A task that does not match the current manifest has a different digest.
        let isCurrent = task.specDigest == workload.desiredDigest
        // The reason of the workload is shown beside each unhealthy task or, if there is none, once.
        let unwell = workload.tasks.filter { $0.health != .healthy }
        let showsReason = unwell.isEmpty ? task.id == workload.tasks.first?.id : unwell.contains { $0.id == task.id }
        let exit = task.health == .healthy ? nil : task.exit.map { "last \($0.words)" }
        return [
            Table.Cell("\(workload.name)/\(task.ordinal)", .bold), Table.Cell(workload.sync),
            Table.Cell(task.health), Table.Cell(task.state), task.ready ? "yes" : "no", "\(task.restarts)",
            "\(task.node?.rawValue ?? "-")", "\(task.attempt)",
            "\(task.createdAt.map { "\(Age(since: $0, until: now))" } ?? "-")",
            Table.Cell(task.specDigest.map { String($0.hexadecimal.prefix(8)) } ?? "-", isCurrent ? nil : .yellow),
            "\(endpoints.isEmpty ? "-" : endpoints)", "\(workload.place ?? "-")",
            "\([exit, showsReason ? workload.why : nil].compactMap { $0 }.joined(separator: "; "))",
        ]
    }
}

extension TaskSummary {
    /// The health of this task alone, independent of the other tasks of its workload.
    fileprivate var health: HealthStatus {
        switch state {
        case .running: ready ? .healthy : .progressing
        case .completed: .healthy
        case .failed: .degraded
        // Between two runs.
        case .scheduled where exit != nil: .degraded
        case .pending, .scheduled, .stopping: .progressing
        case .stopped: .missing
        default: .unknown
        }
    }
}
