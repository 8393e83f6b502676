/// How long data about ended tasks is kept.
package enum Retention {
    /// The manager keeps an ended task for at least this long.
    package static let endedTask: Duration = .seconds(24 * 3600)
    /// The manager keeps this number of last attempts of each slot, regardless of their age.
    package static let attempts = 10
    /// The worker keeps the output and the record of an ended task for this long.
    package static let output: Duration = .seconds(24 * 3600)
}
