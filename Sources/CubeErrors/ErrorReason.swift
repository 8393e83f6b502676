/// Why a call failed, as a stable snake_case word.
///
/// The set is open: a reason that a newer version sends is carried as it is. ``retryCanHelp`` and ``status`` of an unknown
/// reason are those of `internal`.
///
/// - Since: 0.1
public struct ErrorReason: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }

    // What was asked for is not right.
    /// The input breaks rules; ``APIError/fields`` says which. 400.
    public static let validationFailed: ErrorReason = "validation_failed"
    /// The body is larger than the server takes. 413.
    public static let bodyTooLarge: ErrorReason = "body_too_large"
    /// The body is not declared as JSON. 415.
    public static let unsupportedMediaType: ErrorReason = "unsupported_media_type"
    /// No token that the server knows came with the call. 401.
    public static let unauthorized: ErrorReason = "unauthorized"
    /// The token's role may not make this call, or the thing belongs to another owner. 403.
    public static let forbidden: ErrorReason = "forbidden"
    /// The request is for a host that is not this server. 403.
    public static let forbiddenHost: ErrorReason = "forbidden_host"
    /// Nothing is at this path. 404.
    public static let routeNotFound: ErrorReason = "route_not_found"
    /// The path has other methods; `Allow` names them. 405.
    public static let methodNotAllowed: ErrorReason = "method_not_allowed"
    /// No task has this id. 404.
    public static let taskNotFound: ErrorReason = "task_not_found"
    /// No node has this name. 404.
    public static let workerNotFound: ErrorReason = "worker_not_found"
    /// No owner has this name. 404.
    public static let ownerNotFound: ErrorReason = "owner_not_found"
    /// No guard holds anything under this digest. 404.
    public static let holdNotFound: ErrorReason = "hold_not_found"
    /// Client and server have no version of the HTTP interface in common.
    public static let incompatibleVersion: ErrorReason = "incompatible_version"

    // It was right once, or will be, but not now.
    /// It cannot be done in the present state, for a reason without a word of its own. 409.
    public static let conflict: ErrorReason = "conflict"
    /// The attempt is not the next one of its slot; `details` says which is. 409.
    public static let staleAttempt: ErrorReason = "stale_attempt"
    /// Another one took the lease, or a later pass has written. 409.
    public static let staleFence: ErrorReason = "stale_fence"
    /// The manager that calls has a successor. 409.
    public static let staleTerm: ErrorReason = "stale_term"
    /// The settings of the task are not those that the change begins from. 409.
    public static let staleSettings: ErrorReason = "stale_settings"
    /// What was planned for has moved since. 409.
    public static let stalePlan: ErrorReason = "stale_plan"
    /// The task's state does not allow it. 409.
    public static let illegalTransition: ErrorReason = "illegal_transition"
    /// As many tasks of the name live as may; one must end first. 409, and a retry can help.
    public static let maxLive: ErrorReason = "max_live"
    /// The owner is bound to another source, until it is claimed. 409.
    public static let ownerTaken: ErrorReason = "owner_taken"
    /// Another one holds the lease until it ends. 409, and a retry can help.
    public static let leaseHeld: ErrorReason = "lease_held"
    /// The caller does not hold the owner's lease. 409.
    public static let leaseRequired: ErrorReason = "lease_required"
    /// The other side belongs to another cluster. 409.
    public static let foreignCluster: ErrorReason = "foreign_cluster"
    /// What changed since that revision is not kept any more: list anew. 410.
    public static let revisionGone: ErrorReason = "revision_gone"
    /// Another program has the directory or the address. 409, and a retry can help.
    public static let locked: ErrorReason = "locked"
    /// A task ended, or will not become what was waited for; the details say more.
    public static let taskFailed: ErrorReason = "task_failed"

    /// The task that waited was cancelled, and what it began goes on; the details say what.
    public static let cancelled: ErrorReason = "cancelled"

    // The other side, or the way to it.
    /// It does not answer now, or is not ready. 503, and a retry can help.
    public static let unavailable: ErrorReason = "unavailable"
    /// Another manager leads; the detail `leader` is its address, where it is known.
    public static let notLeader: ErrorReason = "not_leader"
    /// It did not answer in time; whether it acted is not known. 504, and a retry can help.
    public static let timeout: ErrorReason = "timeout"
    /// More than it takes at a time. 429, and a retry can help.
    public static let tooManyRequests: ErrorReason = "too_many_requests"
    /// The disk is full. 507, and a retry can help.
    public static let storageFull: ErrorReason = "storage_full"
    /// The answer is none of ours. 502.
    public static let malformedAnswer: ErrorReason = "malformed_answer"
    /// A mistake of the program; its log says more. 500.
    public static let `internal`: ErrorReason = "internal"
}

extension ErrorReason: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
