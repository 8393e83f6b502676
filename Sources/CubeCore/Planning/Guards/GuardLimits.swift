import CubeJSON
import CubeTypes

/// How many names may be pruned within a while without a person's word.
package struct GuardLimits: Hashable, Sendable {
    /// So many in any case.
    package var count: Int
    /// So many of each hundred names of the owner, where that is more.
    package var percent: Int
    /// For how long a prune counts.
    package var window: Duration

    package init(count: Int = 3, percent: Int = 10, window: Duration = .seconds(600)) {
        self.count = count
        self.percent = percent
        self.window = window
    }

    package static let counts = 0...1_000_000
    package static let percents = 0...100
    package static let windows: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 24 * 3600)

    /// How many names of `total` may be pruned in a window.
    package func allowance(of total: Int) -> Int { max(count, total * percent / 100) }

    /// For a person: `3 names or 10 % within 10m`.
    package var text: String { "\(Count(count, "name")) or \(percent) % within \(window.text)" }
}

extension GuardLimits {
    /// What somebody says of the limits; the rest is said elsewhere.
    package struct Choice: Hashable, Sendable {
        package var count: Int?
        package var percent: Int?
        package var window: Duration?

        package init(count: Int? = nil, percent: Int? = nil, window: Duration? = nil) {
            self.count = count
            self.percent = percent
            self.window = window
        }

        /// Where this says nothing, the other one counts.
        package func or(_ other: Choice) -> Choice {
            Choice(
                count: count ?? other.count, percent: percent ?? other.percent, window: window ?? other.window)
        }

        /// Where this says nothing, the limits are the usual ones.
        package var limits: GuardLimits {
            let usual = GuardLimits()
            return GuardLimits(
                count: count ?? usual.count, percent: percent ?? usual.percent, window: window ?? usual.window)
        }

        static let fields = FieldTable<Choice>(
            [
                Field(
                    "prune_limit", \.count, FieldType.integer(GuardLimits.counts).optional,
                    default: "3", "How many names may be pruned within the window in any case."),
                Field(
                    "prune_percent", \.percent, FieldType.integer(GuardLimits.percents).optional,
                    default: "10",
                    "How many percent of the owner's names may be pruned within the window, if that is more names."),
                Field(
                    "prune_window", \.window, FieldType.duration(GuardLimits.windows).optional,
                    default: "`\"10m\"`", "How long a prune counts."),
            ], standard: Choice())
    }
}
