/// One thing that Cube needs of its machine: what was measured, and what that means.
protocol Check: Sendable {
    var title: String { get }
    /// A pure function of what was measured.
    var verdict: Verdict { get }
}

/// What a check found; what is not good comes with what to do.
enum Verdict: Hashable {
    case good(String)
    case warning(String, hint: String)
    case bad(String, hint: String)
}
