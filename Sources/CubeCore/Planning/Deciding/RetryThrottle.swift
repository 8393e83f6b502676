import CubeTypes

/// How many calls may hold what was tried before: some at once, and then one after the other, however much fails. Each call may
/// hold a thousand actions; what fails alone is bounded by the pauses of ``ActionBackoff`` before it comes here.
///
/// A token bucket: it holds so many tokens, a call of retries takes one, and one comes back after each interval.
struct RetryThrottle: Hashable, Sendable {
    static let capacity = 10
    static let interval: Duration = .seconds(5)

    /// When the bucket will be full again: each token that is missing is an interval.
    private var fullAt: Timestamp?

    /// When the next call of retries may be made; `nil`: now.
    func next(at now: Timestamp) -> Timestamp? {
        guard let fullAt, case let next = fullAt + Self.interval * (1 - Self.capacity), next > now else { return nil }
        return next
    }

    /// Takes a token; of an empty bucket none.
    mutating func spend(at now: Timestamp) {
        guard next(at: now) == nil else { return }
        fullAt = max(fullAt ?? now, now) + Self.interval
    }
}
