import CubeJSON
package import CubeTypes

extension GuardLimits {
    package static let counts = 0...1_000_000
    package static let percents = 0...100
    package static let windows: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 24 * 3600)

    /// Returns the number of names that may be pruned per window if the owner has `total` names.
    package func allowance(of total: Int) -> Int { max(count, total * percent / 100) }

    /// The limits in words for people, such as `3 names or 10 % within 10m`.
    package var text: String { "\(Count(count, "name")) or \(percent) % within \(window.text)" }
}

extension GuardLimits {
    /// A partial set of limits, as given by a file or the command line.
    package struct Choice: Hashable, Sendable {
        package var count: Int?
        package var percent: Int?
        package var window: Duration?

        package init(count: Int? = nil, percent: Int? = nil, window: Duration? = nil) {
            self.count = count
            self.percent = percent
            self.window = window
        }

        /// Returns these limits, with missing ones taken from another choice.
        package func or(_ other: Choice) -> Choice {
            Choice(
                count: count ?? other.count, percent: percent ?? other.percent, window: window ?? other.window)
        }

        /// The limits, if none is missing.
        package var complete: GuardLimits? {
            guard let count, let percent, let window else { return nil }
            return GuardLimits(count: count, percent: percent, window: window)
        }

        /// Returns these limits, with missing ones taken from a complete set.
        package func limits(else others: GuardLimits) -> GuardLimits {
            GuardLimits(
                count: count ?? others.count, percent: percent ?? others.percent, window: window ?? others.window)
        }

        /// The limits in words for people, such as `3 names, 10 %; the manager's limits stay in effect for the rest`.
        package var text: String {
            let given = [
                count.map { "\(Count($0, "name"))" }, percent.map { "\($0) %" }, window.map { "within \($0.text)" },
            ].compactMap(\.self)
            let rest = complete == nil ? ["the manager's limits stay in effect for the rest"] : []
            return given.isEmpty
                ? "none are given; the manager's limits stay in effect" : (given + rest).joined(separator: ", ")
        }

        static let fields = FieldTable<Choice>(
            [
                Field(
                    "prune_limit", \.count, FieldType.integer(GuardLimits.counts).optional,
                    default: "the manager's limit, at first `3`",
                    "The number of names that may be pruned per window, whatever the percentage."),
                Field(
                    "prune_percent", \.percent, FieldType.integer(GuardLimits.percents).optional,
                    default: "the manager's limit, at first `10`",
                    "The percentage of the owner's names that may be pruned per window, if it exceeds `prune_limit`."),
                Field(
                    "prune_window", \.window, FieldType.duration(GuardLimits.windows).optional,
                    default: "the manager's limit, at first `\"10m\"`",
                    "The length of the window: how long a prune counts."),
            ], standard: Choice())
    }
}
