/// The limit of the counters that increase for as long as a cluster lives: terms, revisions, fences, passes, attempts, placements
/// and runs.
package enum Counter {
    /// The exclusive upper bound of all counters. No counter reaches it in practice, and JSON represents all smaller numbers
    /// exactly. A number at or above it is corrupt or forged.
    package static let limit = 1 << 53

    package static func isPlausible(_ count: Int) -> Bool { (0..<limit).contains(count) }
}
