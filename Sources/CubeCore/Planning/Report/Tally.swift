import CubeTypes

/// Totals over all workloads, which are updated incrementally.
struct Tally: Hashable, Sendable {
    private(set) var counts = SummaryStatus.Counts()
    private(set) var health: [HealthStatus: Int] = [:]
    private(set) var sync: [SyncStatus: Int] = [:]
    private(set) var reconciling = 0
    private(set) var stalled = 0
    /// The number of converged workloads, see ``WorkloadStatus/isConverged``.
    private(set) var converged = 0
    private var observed = SetDigest()

    /// The digest of the live tasks, made of the slot and digest of each.
    var observedDigest: Digest { observed.digest }

    /// The worst health that any workload has.
    var worst: HealthStatus {
        let order: [HealthStatus] = [.degraded, .missing, .unknown, .progressing]
        return order.first { health[$0, default: 0] > 0 } ?? .healthy
    }

    mutating func add(_ report: WorkloadReport) { change(report, by: 1) }
    mutating func remove(_ report: WorkloadReport) { change(report, by: -1) }

    mutating func add(observed sum: SetDigest) { observed += sum }
    mutating func remove(observed sum: SetDigest) { observed -= sum }

    private mutating func change(_ report: WorkloadReport, by one: Int) {
        let status = report.status
        health[status.health, default: 0] += one
        sync[status.sync, default: 0] += one
        counts.workloads += one
        switch status.health {
        case .healthy: counts.healthy += one
        case .progressing, .missing: counts.progressing += one
        case .degraded: counts.degraded += one
        case .suspended: counts.suspended += one
        case .unknown: break
        }
        if status.sync == .outOfSync { counts.outOfSync += one }
        for condition in status.conditions where condition.status {
            switch condition.type {
            case .held: counts.held += one
            case .stale: counts.stale += one
            // A workload that only waits for its dependencies does not count, because it makes no progress if a dependency
            // failed.
            case .reconciling where condition.reason == WaitReason.dependencyUnhealthy.rawValue: break
            case .reconciling: reconciling += one
            case .stalled: stalled += one
            case .ready, .imageMoved, .imageOutdated: break
            }
        }
        if status.isConverged { converged += one }
    }
}

extension WorkloadStatus {
    /// Whether the workload is frozen, or matches its manifest and is healthy.
    var isConverged: Bool { health == .suspended || health == .healthy && sync == .synced }
}
