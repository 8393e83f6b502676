import CubeCore
import CubeReconciler
import CubeTypes

/// What the reconciler wrote, and whether that is how things are: kept up to date by reading what changed.
struct StatusPicture {
    /// `nil` before the first pass.
    private(set) var summary: SummaryStatus?
    private(set) var workloads: [WorkloadName: WorkloadReport] = [:]
    var author = StatusAuthor()

    /// By name.
    var reports: [WorkloadReport] { workloads.values.sorted { $0.status.name < $1.status.name } }

    /// The same where nobody reconciles: what nobody compares and nobody looks at does not count as synced and healthy.
    var attended: StatusPicture {
        guard author.isAbsent else { return self }
        var picture = self
        picture.workloads = workloads.mapValues {
            WorkloadReport(status: $0.status.unattended(author.living), drift: $0.drift)
        }
        guard var summary = picture.summary else { return picture }
        let all = picture.reports.map(\.status)
        summary.sync = .unknown
        let worstFirst: [HealthStatus] = [.degraded, .missing, .unknown, .progressing, .suspended, .healthy]
        summary.health = worstFirst.first { health in all.contains { $0.health == health } } ?? .unknown
        summary.counts.healthy = all.count { $0.health == .healthy }
        summary.counts.outOfSync = 0
        picture.summary = summary
        return picture
    }

    /// Reads what changed below the data directory.
    ///
    /// - Returns: the workloads that were read, or are gone.
    /// - Throws: where a file is not what this version writes, or cannot be read.
    mutating func read(_ change: SourceChange, from files: WrittenStatus) throws -> Set<WorkloadName> {
        if change.everything || change.entries.contains("status/summary.json") { summary = try files.summary() }
        let names =
            change.everything
            ? Set(try files.names()).union(workloads.keys) : Set(change.entries.compactMap(Self.workload))
        for name in names {
            workloads[name] = try files.workload(name).map { WorkloadReport(status: $0, drift: try files.drift(name)) }
        }
        return names
    }

    /// The workload that a file is about.
    private static func workload(of path: BytePath) -> WorkloadName? {
        let file = path.text
        for folder in ["status/workloads/", "drift/"] where file.hasPrefix(folder) && file.hasSuffix(".json") {
            return WorkloadName(rawValue: String(file.dropFirst(folder.count).dropLast(5)))
        }
        return nil
    }
}

extension WorkloadStatus {
    /// The status of a workload that no reconciler looks at.
    ///
    /// - Parameter living: The tasks that run; `nil` where that is not known here.
    func unattended(_ living: Set<TaskID>?) -> WorkloadStatus {
        var status = self
        status.sync = .unknown
        // A job that completed stays so.
        guard tasks.isEmpty || !tasks.allSatisfy({ $0.state == .completed }) else { return status }
        guard let living else {
            status.health = .unknown
            return status
        }
        for index in status.tasks.indices
        where !status.tasks[index].state.hasEnded && !living.contains(status.tasks[index].id) {
            (status.tasks[index].state, status.tasks[index].ready) = (.stopped, false)
        }
        let live = status.tasks.filter { !$0.state.hasEnded }
        status.replicas.live = live.count
        status.replicas.ready = live.count(where: \.ready)
        status.endpoints = live.filter(\.ready).flatMap(\.endpoints)
        if status.replicas.desired > 0, live.isEmpty { status.health = .missing }
        // What went on, and what was waited for, is over.
        status.conditions.removeAll { [.ready, .reconciling].contains($0.type) }
        return status
    }
}
