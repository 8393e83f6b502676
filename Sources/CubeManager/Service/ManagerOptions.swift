import CubeSystem
package import CubeTypes

/// The configuration of a manager.
package struct ManagerOptions: Sendable {
    package var policy: SchedulingPolicy
    /// Whether the policy `spread` prefers nodes that have the image of a task.
    package var prefersImages: Bool
    /// The address under which others reach this manager; `nil` if none is configured.
    package var advertised: Endpoint?
    /// A worker that does not answer for this long counts as silent. The manager's blocking queries to workers wait a
    /// third of it.
    package var workerLease: Duration
    /// Returns a random number from 0 to 1 that spreads retries.
    package var jitter: @Sendable () -> Double

    package init(
        policy: SchedulingPolicy = .spread, prefersImages: Bool = true, advertised: Endpoint? = nil,
        workerLease: Duration = .seconds(10),
        jitter: @escaping @Sendable () -> Double = { RandomSource.system.fraction() }
    ) {
        self.policy = policy
        self.prefersImages = prefersImages
        self.advertised = advertised
        self.workerLease = workerLease
        self.jitter = jitter
    }
}
