/// How long to wait before a call that failed is made again: doubling, bounded, and spread so that not all come at once.
struct DispatchBackoff: Sendable {
    static let first: Duration = .milliseconds(200)
    static let longest: Duration = .seconds(5)

    var failures = 0

    /// Counts one more failure.
    ///
    /// - Parameter jitter: From 0 to 1; the wait is between half of the full one and the full one.
    mutating func fail(jitter: Double) -> Duration {
        let full = min(Self.longest, Self.first * (1 << min(failures, 10)))
        failures += 1
        return full * (0.5 + jitter / 2)
    }
}
