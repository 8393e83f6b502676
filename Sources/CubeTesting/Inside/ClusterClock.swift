import CubeTypes

/// The manual clock as the cluster itself sleeps on it, and the deadlines of its clients: nobody who sleeps here waits for time to
/// pass in the sense of ``TestCluster/passingTime(during:)``.
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
