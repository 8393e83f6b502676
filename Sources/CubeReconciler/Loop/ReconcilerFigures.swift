package import CubeTypes

/// What a reconciler counted since it began.
package struct ReconcilerFigures: Sendable {
    /// How a pass ended, as a stable word.
    package enum PassResult: String, Sendable {
        /// There was nothing to do.
        case idle
        /// All calls were answered, well or not.
        case acted
        /// The calls took too long: the rest was left to the next pass.
        case overdue
        /// The calls broke off: the manager went away, or the lease.
        case brokenOff = "broken_off"
        /// The manager is not seen.
        case blind
    }

    /// A call by its verb, and `ok` or the reason of its error.
    package struct Outcome: Hashable, Sendable {
        package var verb: String
        package var result: String
    }

    /// Upper bounds of the histogram of passes, in seconds.
    package static let bounds = [0.001, 0.01, 0.1, 1, 10]

    package private(set) var passes: [PassResult: Int] = [:]
    /// How many passes took no longer than each bound and longer than the one before; last those above all.
    package private(set) var durations = [Int](repeating: 0, count: bounds.count + 1)
    package private(set) var durationSum: Duration = .zero
    package private(set) var outcomes: [Outcome: Int] = [:]
    /// When everything was listed last without an error.
    package var sourceListedAt: Timestamp?

    mutating func passed(_ result: PassResult, in duration: Duration) {
        passes[result, default: 0] += 1
        durations[Self.bounds.firstIndex { duration <= .seconds($0) } ?? Self.bounds.count] += 1
        durationSum += duration
    }

    mutating func called(_ verb: String, _ result: String) {
        outcomes[Outcome(verb: verb, result: result), default: 0] += 1
    }
}
