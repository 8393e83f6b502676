/// How many names of an owner may be pruned within a window of time without an approval.
///
/// - Since: 0.1
public struct GuardLimits: Hashable, Sendable {
    /// This many names, in any case.
    public var count: Int
    /// This many of each hundred names of the owner, if that is more than ``count``.
    public var percent: Int
    /// How long a pruned name counts, in whole milliseconds; on the wire a text such as `10m`.
    public var window: Duration

    public init(count: Int = 3, percent: Int = 10, window: Duration = .seconds(600)) {
        self.count = count
        self.percent = percent
        self.window = window
    }
}

extension GuardLimits: Codable {
    enum CodingKeys: String, CodingKey { case count, percent, window }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            count: try container.decode(Int.self, forKey: .count),
            percent: try container.decode(Int.self, forKey: .percent),
            window: try container.decode(DurationText.self, forKey: .window).duration)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(percent, forKey: .percent)
        try container.encode(DurationText(window), forKey: .window)
    }
}

/// A name that was pruned within the window of ``GuardLimits``.
///
/// - Since: 0.1
public struct PrunedName: Codable, Hashable, Sendable {
    /// The workload's name.
    public var name: WorkloadName
    /// When a task of it was last stopped, by the manager's wall clock; for people, as the manager alone decides when it
    /// counts no longer.
    public var at: Timestamp
    /// Whether a person approved it: it does not count for the limits then.
    public var approved: Bool
    /// Whether the name is declared again: its prune still counts, and permits no further stop.
    public var returned: Bool

    public init(name: WorkloadName, at: Timestamp, approved: Bool, returned: Bool) {
        self.name = name
        self.at = at
        self.approved = approved
        self.returned = returned
    }
}
