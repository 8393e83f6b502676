import CubeTypes

/// The wait before the manager repeats a call that failed.
package struct DispatchBackoff: Hashable, Sendable {
    package static let longest: Duration = .seconds(5)
    private static let backoff = Backoff(first: .milliseconds(200), longest: longest)

    /// The number of failures in a row.
    package private(set) var failures = 0

    package init() {}

    /// Counts one more failure.
    ///
    /// - Parameter jitter: a random number in 0 ... 1.
    /// - Returns: the wait, which is between half of the full wait and the full wait.
    package mutating func fail(jitter: Double) -> Duration {
        failures += 1
        return Self.backoff.pause(after: failures, jitter: jitter)
    }
}
