/// An exponential backoff: the pause before another attempt doubles with each failure, up to a longest one.
///
/// Half of each pause is left to chance ("equal jitter": Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), so
/// that callers that failed together do not try again together.
package struct Backoff: Hashable, Sendable {
    /// The pause after the first failure.
    package var first: Duration
    package var longest: Duration

    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The pause without chance.
    ///
    /// - Parameter failures: how many there were in a row; 1 the first time.
    package func step(after failures: Int) -> Duration {
        var step = first
        for _ in 1..<min(max(failures, 1), 64) where step < longest { step = step * 2 }
        return min(step, longest)
    }

    /// The pause, at least half of the full one.
    ///
    /// - Parameters:
    ///   - failures: how many there were in a row; 1 the first time.
    ///   - jitter: by chance, from 0 to 1.
    package func pause(after failures: Int, jitter: Double) -> Duration {
        let half = step(after: failures) / 2
        return half + half * jitter
    }
}

extension Double {
    /// A number of 0 ..< 1, made of the upper 53 bits of a random number.
    package init(unitInterval bits: UInt64) { self = Double(bits >> 11) / Double(1 << 53) }
}
