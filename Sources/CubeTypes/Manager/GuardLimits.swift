/// How many names of an owner may be pruned within a window of time without an approval.
///
/// - Since: 0.1
public struct GuardLimits: Hashable, Sendable {
    /// The number of names that may be pruned per window, whatever the number of the owner's names.
    public var count: Int
    /// The percentage of the owner's names that may be pruned per window, if that is more than ``count``.
    public var percent: Int
    /// The time for which a pruned name counts towards the limits, in whole milliseconds. On the wire, it is a text such as `10m`.
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
    /// The name of the workload.
    public var name: WorkloadName
    /// The time at which a task of the workload was last stopped, on the manager's wall clock. It is only for display: the manager
    /// decides when the prune no longer counts.
    public var at: Timestamp
    /// Whether an approval covers the prune. An approved prune does not count towards the limits.
    public var approved: Bool
    /// Whether the name is declared again. The prune still counts towards the limits, but permits no further stops.
    public var returned: Bool

    public init(name: WorkloadName, at: Timestamp, approved: Bool, returned: Bool) {
        self.name = name
        self.at = at
        self.approved = approved
        self.returned = returned
    }
}
