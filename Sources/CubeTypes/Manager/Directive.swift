/// What a person told an owner to do: a record at the manager, on which the lease's holder acts.
///
/// Its name is `VERB-SUBJECT`. A directive given again replaces the one of that name.
///
/// - Since: 0.1
public struct Directive: Codable, Hashable, Sendable {
    /// What is to be done; an open set.
    ///
    /// - Since: 0.1
    public struct Verb: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Releases what a guard holds; the subject is the hold's digest, in full or its beginning.
        public static let approve: Verb = "approve"
        /// Tries a failed workload, or runs a job, again.
        public static let retry: Verb = "retry"
        /// Replaces the tasks of a workload by new ones of the same definition.
        public static let restart: Verb = "restart"
        /// Freezes a workload: nothing of it is started, stopped or replaced.
        public static let suspend: Verb = "suspend"
        /// Ends a `suspend`; it is carried out at once and not kept.
        public static let resume: Verb = "resume"
        /// Looks at the source now, rather than with the next poll; the subject is the source's id.
        public static let look: Verb = "look"
        /// Binds the owner to another source; it is carried out at once and not kept.
        public static let claim: Verb = "claim"
    }

    /// What is to be done.
    public var verb: Verb
    /// What its giver calls this one, at most 64 bytes: a directive that comes again under the same id is the same one, and
    /// changes nothing. `ManagerClient` gives one where there is none.
    public var id: String?
    /// A workload's name, a hold's digest, a source id.
    public var subject: String
    /// Why, in the words of who gave it.
    public var reason: String?
    /// The manager gives it; what ended before it may be tried again, what began before it is to be replaced.
    public var revision: Int
    /// When it was given; the manager says it.
    public var at: Timestamp?
    /// When it stops counting.
    public var expiresAt: Timestamp?
    /// For an approval: the guard and the changes that it releases, which the manager takes from the hold.
    public var approves: Hold?

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
            reason: try container.decodeIfPresent(String.self, forKey: .reason),
            revision: try container.decodeIfPresent(Int.self, forKey: .revision) ?? 0,
            at: try container.decodeIfPresent(Timestamp.self, forKey: .at),
            expiresAt: try container.decodeIfPresent(Timestamp.self, forKey: .expiresAt),
            approves: try container.decodeIfPresent(Hold.self, forKey: .approves),
            id: try container.decodeIfPresent(String.self, forKey: .id))
    }

    /// What it is called in the path of a request: `VERB-SUBJECT`.
    public var name: String { "\(verb)-\(subject.replacing(":", with: "-"))" }
}
