package import CubeCore
package import CubeTypes

/// Workloads as the rows of a table.
package struct StatusTable: Sendable {
    package enum Form: Sendable {
        /// A row for each workload; what else is to be said of it stands below it.
        case brief
        /// A row for each workload, with its file and what to look at.
        case full
        /// A row for each task, with its own health.
        case wide
    }

    private let form: Form
    /// The moment that ages are counted until.
    private let now: Timestamp

    package init(form: Form, now: Timestamp) {
        self.form = form
        self.now = now
    }

    /// The last column of a form that tells why stands below the rows where there is no room for it.
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

    /// The table where it fits; elsewhere what ``stacked(_:columns:)`` makes of it.
    package func lines(_ workloads: [WorkloadStatus], columns: Int) -> [TextLine] {
        let lines = table(workloads).lines()
        return lines.allSatisfy { $0.count <= columns } ? lines : stacked(workloads, columns: columns)
    }

    /// The table with each workload's reason below its rows, broken between words.
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

    /// At least one for each workload.
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
        // What is not what the manifest says now is told by its digest.
        let isCurrent = task.specDigest == workload.desiredDigest
        // What is to be said of the workload stands with the tasks that are not well, or once.
        let unwell = workload.tasks.filter { $0.health != .healthy }
        let isTold = unwell.isEmpty ? task.id == workload.tasks.first?.id : unwell.contains { $0.id == task.id }
        let exit = task.health == .healthy ? nil : task.exit.map { "last \($0.words)" }
        return [
            Table.Cell("\(workload.name)/\(task.ordinal)", .bold), Table.Cell(workload.sync),
            Table.Cell(task.health), Table.Cell(task.state), task.ready ? "yes" : "no", "\(task.restarts)",
            "\(task.node?.rawValue ?? "-")", "\(task.attempt)",
            "\(task.createdAt.map { "\(Age(since: $0, until: now))" } ?? "-")",
            Table.Cell(task.specDigest.map { String($0.hexadecimal.prefix(8)) } ?? "-", isCurrent ? nil : .yellow),
            "\(endpoints.isEmpty ? "-" : endpoints)", "\(workload.place ?? "-")",
            "\([exit, isTold ? workload.why : nil].compactMap { $0 }.joined(separator: "; "))",
        ]
    }
}

extension TaskSummary {
    /// How the task itself is, whatever the other tasks of its workload do.
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
