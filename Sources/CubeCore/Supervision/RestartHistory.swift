package import CubeTypes

/// The restarts of a task so far, and the decision on the next one.
package struct RestartHistory: Codable, Hashable, Sendable {
    /// Over all time.
    package private(set) var count = 0
    /// When the latest were decided, as far back as the policy looks.
    private var recent: [Timestamp] = []
    /// Restarts since a run last was stable: the exponent of the backoff.
    private var unstable = 0

    package init() {}

    package enum Decision: Hashable, Sendable {
        /// Start it again after the wait.
        case restart(after: Duration)
        /// It has ended for good.
        case end(TaskState, TaskReason)
    }

    /// Decides what follows the end of a run, and counts the restart if there is one.
    ///
    /// The wait doubles from `backoff` to `backoffMax` with each restart, until a run lasts for
    /// ``RestartPolicy/stableAfter``; up to a fifth is added so that tasks that fell together do not rise together.
    ///
    /// - Parameter jitter: a random number of 0 ..< 1.
    package mutating func decide(
        after end: RunEnd, policy: RestartPolicy, now: Timestamp, jitter: Double
    ) -> Decision {
        switch policy.policy {
        case .always: break
        case .never, .onFailure:
            if end.isSuccess { return .end(.completed, end.reason) }
            if policy.policy == .never { return .end(.failed, end.reason) }
        default: return .end(end.isSuccess ? .completed : .failed, end.reason)
        }
        recent.removeAll { now - $0 > policy.within }
        guard recent.count < policy.max else { return .end(.failed, .restartsUsedUp) }
        if let lasted = end.lasted, lasted >= RestartPolicy.stableAfter { unstable = 0 }

        var wait = policy.backoff
        for _ in 0..<min(unstable, 40) where wait < policy.backoffMax { wait = wait * 2 }
        wait = min(wait, policy.backoffMax)
        recent.append(now)
        unstable += 1
        count += 1
        return .restart(after: wait + wait * (jitter / 5))
    }
}
