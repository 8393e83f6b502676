/// The reason for a failed call, as a stable snake_case word.
///
/// The set is open: a reason that a newer version sends is kept unchanged. ``retryCanHelp`` and ``status`` of an unknown
/// reason are those of `internal`.
///
/// - Since: 0.1
public struct ErrorReason: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }

    // The request is invalid.
    /// The input breaks rules; ``APIError/fields`` lists them. 400.
    public static let validationFailed: ErrorReason = "validation_failed"
    /// The body is larger than the server accepts. 413.
    public static let bodyTooLarge: ErrorReason = "body_too_large"
    /// The body is not declared as JSON. 415.
    public static let unsupportedMediaType: ErrorReason = "unsupported_media_type"
    /// The request has no token that the server knows. 401.
    public static let unauthorized: ErrorReason = "unauthorized"
    /// The role of the token does not allow this call, or the resource belongs to another owner. 403.
    public static let forbidden: ErrorReason = "forbidden"
    /// The request is for a host that is not this server. 403.
    public static let forbiddenHost: ErrorReason = "forbidden_host"
    /// There is no endpoint at this path. 404.
    public static let routeNotFound: ErrorReason = "route_not_found"
    /// The path does not support this method; the header field `Allow` lists the methods. 405.
    public static let methodNotAllowed: ErrorReason = "method_not_allowed"
    /// No task has this id. 404.
    public static let taskNotFound: ErrorReason = "task_not_found"
    /// No node has this name. 404.
    public static let workerNotFound: ErrorReason = "worker_not_found"
    /// No owner has this name. 404.
    public static let ownerNotFound: ErrorReason = "owner_not_found"
    /// No session has this id, or it has ended. 404.
    public static let sessionNotFound: ErrorReason = "session_not_found"
    /// The owner has no volume of this name. 404.
    public static let volumeNotFound: ErrorReason = "volume_not_found"
    /// No token has this name. 404.
    public static let tokenNotFound: ErrorReason = "token_not_found"
    /// No guard holds changes with this digest. 404.
    public static let holdNotFound: ErrorReason = "hold_not_found"
    /// Client and server have no version of the HTTP API in common. 400.
    public static let incompatibleVersion: ErrorReason = "incompatible_version"

    // The request conflicts with the current state.
    /// The current state does not allow the request, and no other reason is more specific. 409.
    public static let conflict: ErrorReason = "conflict"
    /// The attempt is not the next attempt of its slot; `details` contains the next attempt. 409.
    public static let staleAttempt: ErrorReason = "stale_attempt"
    /// Another reconciler took the lease, or a later pass has already written. 409.
    public static let staleFence: ErrorReason = "stale_fence"
    /// A newer incarnation of the manager has replaced the calling manager. 409.
    public static let staleTerm: ErrorReason = "stale_term"
    /// The current settings of the task are not the settings that the update starts from. 409.
    public static let staleSettings: ErrorReason = "stale_settings"
    /// The desired or the observed state changed after the plan was made. 409.
    public static let stalePlan: ErrorReason = "stale_plan"
    /// The state of the task does not allow the transition. 409.
    public static let illegalTransition: ErrorReason = "illegal_transition"
    /// The name has its maximum number of live tasks; one of them must end first. 409; a retry can help.
    public static let maxLive: ErrorReason = "max_live"
    /// More names would be pruned than the limits of the guard window allow, and no approval covers them. 409.
    public static let guardWindow: ErrorReason = "guard_window"
    /// The owner is bound to another source until it is claimed. 409.
    public static let ownerTaken: ErrorReason = "owner_taken"
    /// Another holder has the lease. 409; a retry after the lease ends can help.
    public static let leaseHeld: ErrorReason = "lease_held"
    /// The caller does not hold the owner's lease. 409.
    public static let leaseRequired: ErrorReason = "lease_required"
    /// The other program belongs to another cluster. 409.
    public static let foreignCluster: ErrorReason = "foreign_cluster"
    /// The changes since this revision are no longer kept; list again. 410.
    public static let revisionGone: ErrorReason = "revision_gone"
    /// Another program uses the directory or the address. 409; a retry can help.
    public static let locked: ErrorReason = "locked"
    /// The task ended, or can no longer reach the state that the caller waits for; `details` says more. 409.
    public static let taskFailed: ErrorReason = "task_failed"

    /// The waiting Swift task was cancelled, but the work that it started continues; `details` says what was started. 499.
    public static let cancelled: ErrorReason = "cancelled"

    // The server failed, or it could not be reached.
    /// The server does not respond or is not ready. 503; a retry can help.
    public static let unavailable: ErrorReason = "unavailable"
    /// Another manager is the leader; the detail `leader` is its address, if known. 503; a retry can help.
    public static let notLeader: ErrorReason = "not_leader"
    /// The server did not respond in time; it is not known whether it acted. 504; a retry can help.
    public static let timeout: ErrorReason = "timeout"
    /// The server has reached its limit of concurrent or frequent requests. 429; a retry can help.
    public static let tooManyRequests: ErrorReason = "too_many_requests"
    /// The disk is full. 507; a retry can help.
    public static let storageFull: ErrorReason = "storage_full"
    /// The response is not a Cube response, or a part of it that may not be skipped is unreadable. 502.
    public static let malformedAnswer: ErrorReason = "malformed_answer"
    /// A defect of the program; its log contains the details. 500.
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
