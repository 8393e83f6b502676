package import CubeTypes

/// A stop of a container that was requested. The worker carries it out, because no supervisor does.
package struct ContainerStop: Codable, Hashable, Sendable {
    package var policy: StopPolicy
    /// When the signal of the policy was sent; `nil` if it was not. The grace period begins then.
    private var signalledAt: DurableInstant?

    package init(_ policy: StopPolicy) { self.policy = policy }

    /// What the worker does next.
    package enum Due: Hashable, Sendable {
        /// Send a signal, and ask again after a while.
        case send(signal: String, next: Duration)
        case wait(Duration)
    }

    /// Returns what is due, and notes that the worker does it.
    package mutating func due(at now: DurableInstant) -> Due {
        guard let signalledAt else {
            signalledAt = now
            return .send(signal: policy.signal, next: policy.grace)
        }
        let rest = DurableDeadline(policy.grace, from: signalledAt).remaining(at: now)
        return rest == .zero ? .send(signal: "SIGKILL", next: .seconds(1)) : .wait(rest)
    }
}
