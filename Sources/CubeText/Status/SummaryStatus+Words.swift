package import CubeCore
import CubeTypes

extension SummaryStatus {
    /// A one-line summary, such as `Synced, Healthy; 3 workloads, 3 healthy`.
    package var headline: String {
        let figures = [
            "\(Count(counts.workloads, "workload"))", "\(counts.healthy) healthy",
            counts.degraded > 0 ? "\(counts.degraded) degraded" : nil,
            counts.suspended > 0 ? "\(counts.suspended) suspended" : nil,
            counts.outOfSync > 0 ? "\(counts.outOfSync) out of sync" : nil,
            counts.held > 0 ? "\(counts.held) held" : nil,
            counts.stale > 0 ? "\(counts.stale) stale" : nil,
        ].compactMap { $0 }
        return "\(sync.rawValue), \(health.rawValue); \(figures.joined(separator: ", "))"
    }

    /// Notes about the whole, as sentences.
    package var notes: [String] {
        // Held changes are listed below with the command that approves them, and each workload reports its own
        // progress.
        let listed = Set(holds.map(\.reason))
        return conditions.filter {
            ![.ready, .reconciling].contains($0.type) && $0.status && !listed.contains($0.reason)
        }
        .map { "\($0.type.rawValue): \($0.message) (\($0.reason))" }
            + holds.map { "Held by \($0.reason): \($0.message). \($0.sentence)." }
    }
}

extension SummaryStatus.HeldSet {
    /// The command that approves the held changes, and the changes.
    package var sentence: String { "`\(approve)` approves this: \(changes.shortList)" }
}
