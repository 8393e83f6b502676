package import CubeTypes

/// The restarts of a task so far. It decides whether and when the task is restarted again.
package struct RestartHistory: Codable, Hashable, Sendable {
    /// The number of all restarts.
    package private(set) var count = 0
    /// The times of the restarts within the window of the policy.
    private var recent: [DurableInstant] = []
    /// The number of restarts since the last stable run. It is the exponent of the backoff.
    private var unstable = 0

    package init() {}

    package enum Decision: Hashable, Sendable {
        /// Restart the task after the wait.
        case restart(after: Duration)
        /// The task has ended for good.
        case end(TaskState, TaskReason)
    }

    /// Decides what follows the end of a run, and counts the restart if there is one.
    ///
    /// The wait doubles from `backoff` to `backoffMax` with each restart, until a run lasts for ``RestartPolicy/stableAfter``.
    /// Jitter of up to a fifth is added, so that tasks that ended at the same time do not restart at the same time.
    ///
    /// - Parameters:
    ///   - kind: the kind of the task. A service without a `max` is restarted indefinitely.
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
            // Without a limit, restarts are not counted, so the list must not grow.
            recent = []
        }
        if let lasted = end.lasted, lasted >= RestartPolicy.stableAfter { unstable = 0 }

        let wait = Self.wait(after: unstable, policy)
        unstable += 1
        count += 1
        return .restart(after: wait + wait * (jitter / 5))
    }

    /// Whether the task is in a crash loop: its last restart waited for `backoffMax`, and was not the first restart.
    package func isLooping(_ policy: RestartPolicy) -> Bool {
        unstable > 1 && Self.wait(after: unstable - 1, policy) >= policy.backoffMax
    }

    /// - Parameter restarts: the number of restarts since the last stable run.
    private static func wait(after restarts: Int, _ policy: RestartPolicy) -> Duration {
        Backoff(first: policy.backoff, longest: policy.backoffMax).step(after: restarts + 1)
    }
}
