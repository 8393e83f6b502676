/// A check of one requirement: a measurement, and a verdict on it.
protocol Check: Sendable {
    var title: String { get }
    /// The verdict; a pure function of the measurement.
    var verdict: Verdict { get }
}

/// The result of a check. Problems come with a hint that says what to do.
enum Verdict: Hashable {
    case good(String)
    case warning(String, hint: String)
    case bad(String, hint: String)
}
