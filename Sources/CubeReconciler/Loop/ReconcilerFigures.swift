package import CubeTypes

/// Counters of a reconciler since its start.
package struct ReconcilerFigures: Sendable {
    /// The result of a pass, with a stable raw value.
    package enum PassResult: String, Sendable {
        /// There was nothing to do.
        case idle
        /// All calls were answered, with success or with errors.
        case acted
        /// The calls took too long. The next pass makes the remaining ones.
        case overdue
        /// The calls were aborted, because the manager became unreachable or the lease was lost.
        case brokenOff = "broken_off"
        /// The state of the cluster is unknown.
        case blind
    }

    /// The outcome of a call: its verb, and `ok` or the reason of its error.
    package struct Outcome: Hashable, Sendable {
        package var verb: String
        package var result: String
    }

    /// The upper bounds of the buckets of the pass duration histogram, in seconds.
    package static let bounds = [0.001, 0.01, 0.1, 1, 10]

    package private(set) var passes: [PassResult: Int] = [:]
    /// The number of passes in each bucket, not cumulative. The last bucket has no upper bound.
    package private(set) var durations = [Int](repeating: 0, count: bounds.count + 1)
    package private(set) var durationSum: Duration = .zero
    package private(set) var outcomes: [Outcome: Int] = [:]
    /// The time of the last complete listing without errors.
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
