extension ErrorReason {
    /// All reasons that this version knows, sorted by their raw values.
    public static var known: [ErrorReason] { table.keys.sorted { $0.rawValue < $1.rawValue } }

    /// The HTTP status for this reason; 500 for an unknown reason.
    public var status: Int { Self.table[self]?.status ?? 500 }

    /// Whether the same call may succeed if it is repeated later.
    public var retryCanHelp: Bool { Self.table[self]?.retry ?? false }

    /// Returns the reason for a response that has a status but no Cube error, such as a proxy's HTML page.
    package init(status: Int) {
        self =
            switch status {
            case ..<400: .malformedAnswer
            case 400, 422: .validationFailed
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .routeNotFound
            case 405: .methodNotAllowed
            case 408, 425, 504: .timeout
            case 409: .conflict
            case 410: .revisionGone
            case 413: .bodyTooLarge
            case 415: .unsupportedMediaType
            case 429: .tooManyRequests
            case 502, 503: .unavailable
            case 507: .storageFull
            default: .internal
            }
    }

    private static let table: [ErrorReason: (status: Int, retry: Bool)] = [
        .validationFailed: (400, false),
        .bodyTooLarge: (413, false),
        .unsupportedMediaType: (415, false),
        .unauthorized: (401, false),
        .forbidden: (403, false),
        .forbiddenHost: (403, false),
        .routeNotFound: (404, false),
        .methodNotAllowed: (405, false),
        .taskNotFound: (404, false),
        .workerNotFound: (404, false),
        .ownerNotFound: (404, false),
        .volumeNotFound: (404, false),
        .tokenNotFound: (404, false),
        .holdNotFound: (404, false),
        .sessionNotFound: (404, false),
        .incompatibleVersion: (400, false),
        .conflict: (409, false),
        .staleAttempt: (409, false),
        .staleFence: (409, false),
        .staleTerm: (409, false),
        .staleSettings: (409, false),
        .stalePlan: (409, false),
        .illegalTransition: (409, false),
        .maxLive: (409, true),
        .guardWindow: (409, false),
        .ownerTaken: (409, false),
        .leaseHeld: (409, true),
        .leaseRequired: (409, false),
        .foreignCluster: (409, false),
        .revisionGone: (410, false),
        .locked: (409, true),
        .taskFailed: (409, false),
        .cancelled: (499, false),
        .unavailable: (503, true),
        .notLeader: (503, true),
        .timeout: (504, true),
        .tooManyRequests: (429, true),
        .storageFull: (507, true),
        .malformedAnswer: (502, false),
        .internal: (500, false),
    ]
}
