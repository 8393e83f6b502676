import CubeSystem
package import CubeTypes

/// What a manager may be told at its start.
package struct ManagerOptions: Sendable {
    package var policy: SchedulingPolicy
    /// Where others reach this manager; `nil` where nobody said so.
    package var advertised: Endpoint?
    /// A worker that does not answer for this long is silent; its blocking queries wait a third of it.
    package var workerLease: Duration
    /// Spreads retries: a number from 0 to 1.
    package var jitter: @Sendable () -> Double

    package init(
        policy: SchedulingPolicy = .spread, advertised: Endpoint? = nil, workerLease: Duration = .seconds(10),
        jitter: @escaping @Sendable () -> Double = { RandomSource.system.fraction() }
    ) {
        self.policy = policy
        self.advertised = advertised
        self.workerLease = workerLease
        self.jitter = jitter
    }
}
