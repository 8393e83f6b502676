import CubeErrors

/// The policy by which a worker restarts a task whose program has ended.
///
/// - Since: 0.1
public struct RestartPolicy: Hashable, Sendable {
    /// The kinds of end after which a task is restarted; an open set.
    ///
    /// - Since: 0.1
    public struct Condition: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Restart after every end.
        public static let always: Condition = "always"
        /// Restart after a non-zero exit code or a signal.
        public static let onFailure: Condition = "on_failure"
        /// Never restart.
        public static let never: Condition = "never"
    }

    /// When to restart. Default: `always` for a service, `on_failure` for a job.
    public var policy: Condition
    /// The number of restarts allowed in the time span ``within``; if another one is due, the task fails. Default: `nil` (unlimited)
    /// for a service, and 10 for a job.
    public var max: Int?
    /// The time span in which restarts are counted for ``max``. Default: 10 minutes.
    public var within: Duration
    /// The delay before the first restart. It doubles with each restart up to ``backoffMax``. Default: 1 s.
    public var backoff: Duration
    /// The maximum delay between restarts. Default: 1 minute.
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

    /// Returns the default policy for a kind.
    public static func standard(for kind: TaskKind) -> RestartPolicy {
        kind == .job ? RestartPolicy(policy: .onFailure, max: maximumOfJobs) : RestartPolicy(policy: .always)
    }

    /// Returns the number of allowed restarts for a kind; `nil` if unlimited. A job always has a limit, so that it eventually ends.
    package func limit(for kind: TaskKind) -> Int? { max ?? (kind == .job ? Self.maximumOfJobs : nil) }

    private static let maximumOfJobs = 10

    /// The run time after which the backoff is reset: 10 minutes, in every version.
    public static let stableAfter: Duration = .seconds(600)
}

extension RestartPolicy: Codable {
    enum CodingKeys: String, CodingKey {
        case policy, max, within, backoff
        case backoffMax = "backoff_max"
    }

    public init(from decoder: any Decoder) throws { try self.init(from: decoder, standard: .standard(for: .service)) }

    /// - Parameter standard: the values for omitted fields.
    init(from decoder: any Decoder, standard: RestartPolicy) throws {
        self = standard
        let container = try decoder.container(keyedBy: CodingKeys.self)
        policy = try container.readIfPresent(Condition.self, forKey: .policy) ?? policy
        max = try container.readIfPresent(Int.self, forKey: .max) ?? max
        within = try container.readIfPresent(DurationText.self, forKey: .within)?.duration ?? within
        backoff = try container.readIfPresent(DurationText.self, forKey: .backoff)?.duration ?? backoff
        backoffMax = try container.readIfPresent(DurationText.self, forKey: .backoffMax)?.duration ?? backoffMax
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
