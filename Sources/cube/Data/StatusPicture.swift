import CubeCore
import CubeReconciler
import CubeTypes

/// What the reconciler wrote, and whether that is how things are: kept up to date by reading what changed.
struct StatusPicture {
    /// `nil` before the first pass.
    private(set) var summary: SummaryStatus?
    private(set) var workloads: [WorkloadName: WorkloadReport] = [:]
    var freshness = StatusFreshness()

    /// By name.
    var reports: [WorkloadReport] { workloads.values.sorted { $0.status.name < $1.status.name } }

    /// The same where nobody reconciles: what nobody compares and nobody looks at does not count as synced and healthy.
    var attended: StatusPicture {
        guard freshness.isAbsent else { return self }
        var picture = self
        picture.workloads = workloads.mapValues {
            WorkloadReport(status: $0.status.unattended(freshness.living), drift: $0.drift)
        }
        guard var summary = picture.summary else { return picture }
        summary.leaveUnattended(picture.reports)
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
