/// When a worker starts a task again that ended by itself.
///
/// - Since: 0.1
public struct RestartPolicy: Hashable, Sendable {
    /// After which ends.
    ///
    /// - Since: 0.1
    public struct Condition: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// After every end.
        public static let always: Condition = "always"
        /// After an end with another exit code than 0, or by a signal.
        public static let onFailure: Condition = "on_failure"
        /// After none.
        public static let never: Condition = "never"
    }

    /// Default: `always` for a service, `on_failure` for a job.
    public var policy: Condition
    /// How many restarts are allowed `within` a span of time; one more, and the task has failed. Default: `nil`, without
    /// limit, for a service, and 10 for a job.
    public var max: Int?
    /// Default 10 minutes.
    public var within: Duration
    /// The wait before the first restart; it doubles up to `backoffMax`. Default 1 s.
    public var backoff: Duration
    /// Default 1 minute.
    public var backoffMax: Duration

    public init(
        policy: Condition, max: Int? = nil, within: Duration = .seconds(600), backoff: Duration = .seconds(1),
        backoffMax: Duration = .seconds(60)
    ) {
        self.policy = policy
        self.max = max
        self.within = within
        self.backoff = backoff
        self.backoffMax = backoffMax
    }

    /// The policy of a kind where a manifest says nothing.
    public static func standard(for kind: TaskKind) -> RestartPolicy {
        kind == .job ? RestartPolicy(policy: .onFailure, max: maximumOfJobs) : RestartPolicy(policy: .always)
    }

    /// How many restarts of a workload of this kind are allowed; `nil`: any number. A job always ends at last.
    package func limit(for kind: TaskKind) -> Int? { max ?? (kind == .job ? Self.maximumOfJobs : nil) }

    private static let maximumOfJobs = 10

    /// How long a run must last for the backoff to begin anew: 10 minutes, in every version.
    public static let stableAfter: Duration = .seconds(600)
}

extension RestartPolicy: Codable {
    enum CodingKeys: String, CodingKey {
        case policy, max, within, backoff
        case backoffMax = "backoff_max"
    }

    public init(from decoder: any Decoder) throws { try self.init(from: decoder, standard: .standard(for: .service)) }

    /// - Parameter standard: what holds where nothing is said.
    init(from decoder: any Decoder, standard: RestartPolicy) throws {
        self = standard
        let container = try decoder.container(keyedBy: CodingKeys.self)
        policy = try container.decodeIfPresent(Condition.self, forKey: .policy) ?? policy
        max = try container.decodeIfPresent(Int.self, forKey: .max) ?? max
        within = try container.decodeIfPresent(DurationText.self, forKey: .within)?.duration ?? within
        backoff = try container.decodeIfPresent(DurationText.self, forKey: .backoff)?.duration ?? backoff
        backoffMax = try container.decodeIfPresent(DurationText.self, forKey: .backoffMax)?.duration ?? backoffMax
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(policy, forKey: .policy)
        try container.encodeIfPresent(max, forKey: .max)
        try container.encode(DurationText(within), forKey: .within)
        try container.encode(DurationText(backoff), forKey: .backoff)
        try container.encode(DurationText(backoffMax), forKey: .backoffMax)
    }
}
