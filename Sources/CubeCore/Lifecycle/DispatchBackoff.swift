/// The wait before the manager repeats a failed call. It doubles up to a limit, and has jitter, so that the calls of many
/// dispatchers do not coincide.
package struct DispatchBackoff: Hashable, Sendable {
    package static let first: Duration = .milliseconds(200)
    package static let longest: Duration = .seconds(5)

    /// The number of failures in a row.
    package private(set) var failures = 0

    package init() {}

    /// Counts one more failure.
    ///
    /// - Parameter jitter: a random number in 0 ... 1.
    /// - Returns: the wait, which is between half of the full wait and the full wait.
    package mutating func fail(jitter: Double) -> Duration {
        let full = min(Self.longest, Self.first * (1 << min(failures, 10)))
        failures += 1
        return full * (0.5 + jitter / 2)
    }
}
