package import CubeErrors
import CubeTypes

/// The retry policy: exponential backoff with full jitter
/// (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), limited by a budget.
///
/// A call is retried only if no server served it (408, 425, 429, 502, 503, 504, or no connection). In addition, the call must be
/// idempotent, or the request certainly has not reached a server.
public struct RetryPolicy: Hashable, Sendable {
    /// The maximum number of attempts, including the first. Default: 3; 1 disables retries.
    public var attempts: Int
    /// The maximum pause after the first attempt; it doubles with each attempt. Default: 100 ms.
    public var base: Duration
    /// The upper limit of all pauses. Default: 2 s. A longer `Retry-After` of the server takes precedence.
    public var longest: Duration
    /// The number of retries that a client may make for every hundred calls, in addition to a reserve of ten. Default: 10. The budget
    /// prevents clients from multiplying the load on a server that is already down.
    public var percentage: Int

    public init(
        attempts: Int = 3, base: Duration = .milliseconds(100), longest: Duration = .seconds(2), percentage: Int = 10
    ) {
        self.attempts = attempts
        self.base = base
        self.longest = longest
        self.percentage = percentage
    }

    /// Returns the pause before the next attempt; `nil` if no attempt follows.
    ///
    /// - Parameters:
    ///   - attempt: the number of the failed attempt, from 1.
    ///   - share: the share of the maximum pause to wait, a random number from 0 to 1.
    package func pause(after attempt: Int, _ error: APIError, share: Double) -> Duration? {
        attempt < attempts && error.isUnserved ? backoff(after: attempt, error, share: share) : nil
    }

    /// Returns the pause before the next attempt of a call that is repeated until a server serves it.
    ///
    /// - Parameters: see ``pause(after:_:share:)``.
    package func backoff(after attempt: Int, _ error: APIError, share: Double) -> Duration {
        let pause = Backoff(first: base, longest: longest).step(after: attempt) * share
        return max(pause, error.retryAfter ?? .zero)
    }
}

extension APIError {
    /// The statuses of a call that no server served. A 409 is not among them: only the caller can decide whether to retry it.
    private static let unserved: Set<Int> = [408, 425, 429, 502, 503, 504]

    /// Whether no server served the call, so that a retry may succeed.
    package var isUnserved: Bool { retry && Self.unserved.contains(code) }
}
