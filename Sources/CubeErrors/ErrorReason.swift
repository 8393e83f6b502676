/// Why a call failed, as a stable snake_case word.
///
/// The set is open: a reason that a newer version sends is carried as it is. ``retryCanHelp`` and ``status`` of an unknown
/// reason are those of `internal`.
public struct ErrorReason: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }

    // What was asked for is not right.
    public static let validationFailed: ErrorReason = "validation_failed"
    public static let bodyTooLarge: ErrorReason = "body_too_large"
    public static let unsupportedMediaType: ErrorReason = "unsupported_media_type"
    public static let unauthorized: ErrorReason = "unauthorized"
    public static let forbidden: ErrorReason = "forbidden"
    public static let forbiddenHost: ErrorReason = "forbidden_host"
    public static let routeNotFound: ErrorReason = "route_not_found"
    public static let methodNotAllowed: ErrorReason = "method_not_allowed"
    public static let taskNotFound: ErrorReason = "task_not_found"
    public static let workerNotFound: ErrorReason = "worker_not_found"
    public static let ownerNotFound: ErrorReason = "owner_not_found"
    public static let holdNotFound: ErrorReason = "hold_not_found"
    /// Client and server have no version of the HTTP interface in common.
    public static let incompatibleVersion: ErrorReason = "incompatible_version"

    // It was right once, or will be, but not now.
    public static let conflict: ErrorReason = "conflict"
    public static let staleAttempt: ErrorReason = "stale_attempt"
    public static let staleFence: ErrorReason = "stale_fence"
    public static let staleTerm: ErrorReason = "stale_term"
    public static let staleSettings: ErrorReason = "stale_settings"
    public static let stalePlan: ErrorReason = "stale_plan"
    public static let illegalTransition: ErrorReason = "illegal_transition"
    public static let maxLive: ErrorReason = "max_live"
    public static let ownerTaken: ErrorReason = "owner_taken"
    public static let leaseHeld: ErrorReason = "lease_held"
    public static let leaseRequired: ErrorReason = "lease_required"
    public static let foreignCluster: ErrorReason = "foreign_cluster"
    public static let revisionGone: ErrorReason = "revision_gone"
    public static let locked: ErrorReason = "locked"
    /// A task ended, or will not become what was waited for; the details say more.
    public static let taskFailed: ErrorReason = "task_failed"

    // The other side, or the way to it.
    public static let unavailable: ErrorReason = "unavailable"
    /// Another manager leads; the detail `leader` is its address, where it is known.
    public static let notLeader: ErrorReason = "not_leader"
    public static let timeout: ErrorReason = "timeout"
    public static let tooManyRequests: ErrorReason = "too_many_requests"
    public static let storageFull: ErrorReason = "storage_full"
    public static let malformedAnswer: ErrorReason = "malformed_answer"
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
