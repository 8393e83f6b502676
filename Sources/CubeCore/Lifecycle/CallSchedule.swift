import CubeTypes

/// The calls that the manager made to one worker, and the time at which each is repeated if it is still due.
///
/// Only the stored state determines whether a call is due. A call that replaces another call about the same subject is made without a
/// wait.
package struct CallSchedule<Instant: InstantProtocol<Duration> & Sendable>: Sendable {
    private struct Attempt {
        var call: WorkerCall
        var backoff: DispatchBackoff
        var again: Instant
    }

    /// What to do next.
    package enum Step: Hashable, Sendable {
        case make([WorkerCall])
        /// Wait until other calls are due, but no longer than this; `nil` if no call is waiting to be repeated.
        case wait(atMost: Duration?)
    }

    private var attempts: [WorkerCall.Subject: Attempt] = [:]
    /// The time after which an accepted call is repeated if no task list shows its effect.
    private let lease: Duration

    package init(lease: Duration) { self.lease = lease }

    /// Decides which of the due calls to make now.
    package mutating func next(due: [WorkerCall], at now: Instant) -> Step {
        let subjects = Set(due.map(\.subject))
        attempts = attempts.filter { subjects.contains($0.key) }
        let ready = due.filter { call in
            guard let attempt = attempts[call.subject], attempt.call == call else { return true }
            return attempt.again <= now
        }
        guard ready.isEmpty else { return .make(ready) }
        return .wait(atMost: attempts.values.map(\.again).min().map { now.duration(to: $0) })
    }

    /// Records the outcome of a call.
    ///
    /// - Parameter jitter: a random number in 0 ... 1.
    package mutating func made(_ call: WorkerCall, _ outcome: CallOutcome, at now: Instant, jitter: Double) {
        var backoff = DispatchBackoff()
        if let last = attempts[call.subject], last.call == call { backoff = last.backoff }
        let wait = outcome == .done ? lease : backoff.fail(jitter: jitter)
        attempts[call.subject] = Attempt(call: call, backoff: backoff, again: now.advanced(by: wait))
    }
}
