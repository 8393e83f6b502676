package import CubeTypes

/// The restarts of a task so far, and the decision on the next one.
package struct RestartHistory: Codable, Hashable, Sendable {
    /// Over all time.
    package private(set) var count = 0
    /// When the latest were decided, as far back as the policy looks.
    private var recent: [DurableInstant] = []
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
    /// - Parameters:
    ///   - kind: what the task is: a service without a `max` is restarted for ever.
    ///   - jitter: a random number of 0 ..< 1.
    package mutating func decide(
        after end: RunEnd, policy: RestartPolicy, of kind: TaskKind, now: DurableInstant, jitter: Double
    ) -> Decision {
        switch policy.policy {
        case .always: break
        case .never, .onFailure:
            if end.isSuccess { return .end(.completed, end.reason) }
            if policy.policy == .never { return .end(.failed, end.reason) }
        default: return .end(end.isSuccess ? .completed : .failed, end.reason)
        }
        if let limit = policy.limit(for: kind) {
            recent.removeAll { now.since($0) > policy.within }
            guard recent.count < limit else { return .end(.failed, .restartsUsedUp) }
            recent.append(now)
        } else {
            // Nobody counts them, and nothing grows without end.
            recent = []
        }
        if let lasted = end.lasted, lasted >= RestartPolicy.stableAfter { unstable = 0 }

        let wait = Self.wait(after: unstable, policy)
        unstable += 1
        count += 1
        return .restart(after: wait + wait * (jitter / 5))
    }

    /// Whether the task ends again and again: its last restart waited for `backoffMax`, and was not the first one.
    package func isLooping(_ policy: RestartPolicy) -> Bool {
        unstable > 1 && Self.wait(after: unstable - 1, policy) >= policy.backoffMax
    }

    /// - Parameter restarts: how many there were since a run last was stable.
    private static func wait(after restarts: Int, _ policy: RestartPolicy) -> Duration {
        var wait = policy.backoff
        for _ in 0..<min(restarts, 40) where wait < policy.backoffMax { wait = wait * 2 }
        return min(wait, policy.backoffMax)
    }
}
