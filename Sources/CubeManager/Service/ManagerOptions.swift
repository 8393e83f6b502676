package import CubeTypes

/// What a manager may be told at its start.
package struct ManagerOptions: Sendable {
    package var policy: SchedulingPolicy
    /// A worker that does not answer for this long is silent; its blocking queries wait a third of it.
    package var workerLease: Duration

    package init(policy: SchedulingPolicy = .spread, workerLease: Duration = .seconds(10)) {
        self.policy = policy
        self.workerLease = workerLease
    }
}
