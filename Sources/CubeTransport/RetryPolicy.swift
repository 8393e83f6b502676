package import CubeErrors

/// How often and after what pause a call is made again: exponential backoff with full jitter
/// (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
package struct RetryPolicy: Sendable {
    var attempts: Int
    var base: Duration
    var longest: Duration

    package init(attempts: Int = 3, base: Duration = .milliseconds(100), longest: Duration = .seconds(2)) {
        self.attempts = attempts
        self.base = base
        self.longest = longest
    }

    /// What to wait before the next attempt; `nil` where there is none.
    ///
    /// Only what says that nobody served the call is tried again here: a conflict that time may solve is the caller's to judge.
    ///
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - share: by chance, from 0 to 1: how much of the longest pause to take.
    package func pause(after attempt: Int, _ error: APIError, share: Double) -> Duration? {
        guard attempt < attempts, error.retry, [429, 502, 503].contains(error.code) else { return nil }
        return min(longest, base * (1 << min(attempt - 1, 20))) * share
    }
}
