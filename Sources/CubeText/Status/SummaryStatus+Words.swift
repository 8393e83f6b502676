package import CubeCore
import CubeTypes

extension SummaryStatus {
    /// Such as `Synced, Healthy; 3 workloads, 3 healthy`.
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

    /// What a person should know of everything, in sentences.
    package var notes: [String] {
        // What is held is listed below, with the word that releases it; what is being done, each workload says.
        let listed = Set(holds.map(\.reason))
        return conditions.filter {
            ![.ready, .reconciling].contains($0.type) && $0.status && !listed.contains($0.reason)
        }
        .map { "\($0.type.rawValue): \($0.message) (\($0.reason))" }
            + holds.map { "Held by \($0.reason): \($0.message). \($0.sentence)." }
    }
}

extension SummaryStatus.HeldSet {
    /// What a person can do about it, and what then happens.
    package var sentence: String { "`\(approve)` releases it: \(changes.shortList)" }
}
