/// The numbers that count up for as long as a cluster lives: terms, revisions, fences, passes, attempts, placements and runs.
package enum Counter {
    /// No counter gets there in any lifetime; and a number in JSON is exact up to it. What is above was not counted, but
    /// damaged or made up.
    package static let limit = 1 << 53

    package static func isPlausible(_ count: Int) -> Bool { (0..<limit).contains(count) }
}
