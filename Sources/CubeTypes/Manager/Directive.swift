import CubeErrors

/// An instruction of a person to an owner: a record at the manager on which the holder of the owner's lease acts.
///
/// The name of a directive is `VERB-SUBJECT`. A new directive replaces an earlier one of the same name.
///
/// - Since: 0.1
public struct Directive: Codable, Hashable, Sendable {
    /// The verb of a directive; an open set.
    ///
    /// - Since: 0.1
    public struct Verb: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Releases the changes that a guard holds; the subject is the digest of the hold, or a prefix of it.
        public static let approve: Verb = "approve"
        /// Retries a failed workload, or runs a job again.
        public static let retry: Verb = "retry"
        /// Replaces the tasks of a workload with new tasks of the same definition.
        public static let restart: Verb = "restart"
        /// Freezes a workload: none of its tasks is started, stopped or replaced.
        public static let suspend: Verb = "suspend"
        /// Ends a `suspend`; the manager carries it out at once and does not keep it.
        public static let resume: Verb = "resume"
        /// Checks the source now instead of at the next poll; the subject is the id of the source.
        public static let look: Verb = "look"
        /// Binds the owner to another source; the manager carries it out at once and does not keep it.
        public static let claim: Verb = "claim"
    }

    /// The action to take.
    public var verb: Verb
    /// An idempotency key of at most 64 bytes: sending a directive again with the same id changes nothing. `ManagerClient`
    /// generates an id if there is none.
    public var id: String?
    /// The name of a workload, the digest of a hold, or the id of a source.
    public var subject: String
    /// A reason for people, written by the person who gave the directive.
    public var reason: String?
    /// The revision at which the manager recorded the directive. `retry` applies to tasks that ended before this revision, and
    /// `restart` to tasks that were created before it.
    public var revision: Int
    /// The time at which the manager recorded the directive.
    public var at: Timestamp?
    /// The time at which the directive expires, at most ``longestLifetime`` from now.
    public var expiresAt: Timestamp?
    /// For an approval: the guard and the changes that the approval releases. The manager copies them from the hold.
    public var approves: Hold?

    /// The longest time after which a directive expires: 10 years. A later time is most likely a mistake.
    public static let longestLifetime: Duration = .seconds(3650 * 24 * 3600)

    enum CodingKeys: String, CodingKey {
        case id, verb, subject, reason, revision, at, approves
        case expiresAt = "expires_at"
    }

    public init(
        verb: Verb, subject: String, reason: String? = nil, revision: Int = 0, at: Timestamp? = nil,
        expiresAt: Timestamp? = nil, approves: Hold? = nil, id: String? = nil
    ) {
        self.id = id
        self.verb = verb
        self.subject = subject
        self.reason = reason
        self.revision = revision
        self.at = at
        self.expiresAt = expiresAt
        self.approves = approves
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            verb: try container.decode(Verb.self, forKey: .verb),
            subject: try container.decode(String.self, forKey: .subject),
            reason: try container.readTextIfPresent(forKey: .reason),
            revision: try container.readIfPresent(Int.self, forKey: .revision) ?? 0,
            at: try container.readIfPresent(Timestamp.self, forKey: .at),
            expiresAt: try container.readIfPresent(Timestamp.self, forKey: .expiresAt),
            approves: try container.readIfPresent(Hold.self, forKey: .approves),
            id: try container.readTextIfPresent(forKey: .id))
    }

    /// The name of the directive in the path of a request: `VERB-SUBJECT`.
    public var name: String { "\(verb)-\(subject.replacing(":", with: "-"))" }
}
