import CubeTypes

/// The manual clock for the cluster itself and for the deadlines of its clients. Sleeps on this clock do not count as the operation
/// of ``TestCluster/passingTime(during:)`` waiting for time.
struct ClusterClock: Clock {
    let base: ManualClock

    var now: ManualClock.Instant { base.now }
    var minimumResolution: Duration { base.minimumResolution }
    var timestamp: Timestamp { base.timestamp }

    func sleep(until deadline: ManualClock.Instant, tolerance: Duration?) async throws {
        try await base.sleep(until: deadline, in: nil)
    }

    func instant(boot: String) -> DurableInstant { base.instant(boot: boot) }
}
