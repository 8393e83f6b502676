package import CubeErrors

/// How often and after what pause a call is made again: exponential backoff with full jitter
/// (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), within a budget.
///
/// A call is made again only where nobody served it (408, 425, 429, 502, 503, 504, no connection), and only if being served
/// twice does no harm, or it was certainly not served.
public struct RetryPolicy: Hashable, Sendable {
    /// How often a call is made at most, the first time included. Default 3; 1 for never again.
    public var attempts: Int
    /// The longest pause after the first attempt; it doubles with each. Default 100 ms.
    public var base: Duration
    /// The longest pause of all. Default 2 s. Where the server asks for a longer one (`Retry-After`), that counts.
    public var longest: Duration
    /// How many retries a client may make for each hundred of its calls, beyond a reserve of ten. Default 10. So clients do not
    /// multiply the load of a server that is down already.
    public var percentage: Int

    public init(
        attempts: Int = 3, base: Duration = .milliseconds(100), longest: Duration = .seconds(2), percentage: Int = 10
    ) {
        self.attempts = attempts
        self.base = base
        self.longest = longest
        self.percentage = percentage
    }

    /// What to wait before the next attempt; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - share: by chance, from 0 to 1: how much of the longest pause to take.
    package func pause(after attempt: Int, _ error: APIError, share: Double) -> Duration? {
        attempt < attempts && error.isUnserved ? backoff(after: attempt, error, share: share) : nil
    }

    /// What to wait before the next attempt of a call that is made until it is served.
    ///
    /// - Parameters: as those of ``pause(after:_:share:)``.
    package func backoff(after attempt: Int, _ error: APIError, share: Double) -> Duration {
        let pause = min(longest, base * (1 << min(attempt - 1, 20))) * share
        return max(pause, error.retryAfter ?? .zero)
    }
}

extension APIError {
    /// The statuses that say that nobody served the call: a conflict that time may solve is the caller's to judge.
    private static let unserved: Set<Int> = [408, 425, 429, 502, 503, 504]

    /// Whether nobody served the call, so that somebody may later.
    package var isUnserved: Bool { retry && Self.unserved.contains(code) }
}
