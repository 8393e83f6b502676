/// The wait before a worker that could not register tries again. It grows by one second with each failure, up to a limit.
package struct RegistrationBackoff: Hashable, Sendable {
    package static let longest: Duration = .seconds(10)

    private var failures = 0

    package init() {}

    /// Counts one more failure.
    ///
    /// - Returns: the wait before the next attempt.
    package mutating func fail() -> Duration {
        failures += 1
        return min(.seconds(failures), Self.longest)
    }

    /// The worker has registered.
    package mutating func succeed() { failures = 0 }
}
