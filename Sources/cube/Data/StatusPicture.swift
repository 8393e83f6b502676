import CubeCore
import CubeReconciler
import CubeTypes

/// The status that the reconciler wrote, and whether it is current. It is kept up to date by reading the files that
/// change.
struct StatusPicture {
    /// The summary; `nil` before the first pass.
    private(set) var summary: SummaryStatus?
    private(set) var workloads: [WorkloadName: WorkloadReport] = [:]
    /// The reconciler, as it was found last.
    var freshness = StatusFreshness()

    /// The workloads, sorted by name.
    var reports: [WorkloadReport] { workloads.values.sorted { $0.status.name < $1.status.name } }

    /// The status to show. While no reconciler sees the cluster, no workload counts as synced and healthy.
    var attended: StatusPicture {
        var picture = self
        picture.freshness = freshness.judged(by: summary)
        guard picture.freshness.isUnattended else { return picture }
        picture.workloads = workloads.mapValues {
            WorkloadReport(status: $0.status.unattended(freshness.living), drift: $0.drift)
        }
        guard var summary = picture.summary else { return picture }
        summary.leaveUnattended(picture.reports)
        picture.summary = summary
        return picture
    }

    /// Reads the files that changed in the data directory.
    ///
    /// - Returns: The workloads that were read or have been removed.
    /// - Throws: An error if a file cannot be read or has an unknown format.
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

    /// The workload that a file describes.
    private static func workload(of path: BytePath) -> WorkloadName? {
        let file = path.text
        for folder in ["status/workloads/", "drift/"] where file.hasPrefix(folder) && file.hasSuffix(".json") {
            return WorkloadName(rawValue: String(file.dropFirst(folder.count).dropLast(5)))
        }
        return nil
    }
}
