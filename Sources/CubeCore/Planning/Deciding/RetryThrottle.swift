import CubeTypes

/// A limit on the rate of requests that contain retried actions: a burst of requests, and then one per interval, however many
/// actions fail. Each request may contain a thousand actions. ``ActionBackoff`` already delays each action that fails.
///
/// A token bucket: a request with retries takes one token, and one token returns after each interval.
struct RetryThrottle: Hashable, Sendable {
    static let capacity = 10
    static let interval: Duration = .seconds(5)

    /// The time at which the bucket is full again. Each missing token adds one interval.
    private var fullAt: Timestamp?

    /// Returns the time at which the next request with retries is permitted; `nil` if it is permitted now.
    func next(at now: Timestamp) -> Timestamp? {
        guard let fullAt, case let next = fullAt + Self.interval * (1 - Self.capacity), next > now else { return nil }
        return next
    }

    /// Takes a token, unless the bucket is empty.
    mutating func spend(at now: Timestamp) {
        guard next(at: now) == nil else { return }
        fullAt = max(fullAt ?? now, now) + Self.interval
    }
}
