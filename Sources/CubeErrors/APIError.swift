/// The one public error type: every SDK call throws it, and every error response carries it as JSON.
///
/// - Since: 0.1
public struct APIError: Error, Hashable, Sendable {
    /// An HTTP-like status code.
    public var code: Int
    /// The reason for the failure, as a stable word.
    public var reason: ErrorReason
    /// The message for a person. It names the thing, the value and the rule.
    public var message: String
    /// Additional facts by name, if there are any; never a secret.
    public var details: [String: String]?
    /// For invalid input: every field that breaks a rule.
    public var fields: [ValidationError]
    /// Whether the same call may succeed if it is repeated later.
    public var retry: Bool
    /// The id of the failed request, if it had one. The server logs the same id.
    public var requestID: String?
    /// How long to wait before a retry, if the server specified it. Not part of the JSON: it is the HTTP header field
    /// `Retry-After`, in whole seconds.
    public var retryAfter: Duration?
    /// Whether the server reported the error: `true` only for an error that was decoded from a response. `false` if the request
    /// failed on its way, if an intermediary such as a proxy responded, or if this program found the problem. Not part of the JSON.
    public var isFromServer: Bool

    /// - Parameters:
    ///   - reason: the reason, as a stable word.
    ///   - message: the message for a person. It names the thing, the value and the rule.
    ///   - code: the HTTP-like status code; defaults to the status of the reason.
    ///   - details: additional facts by name; never a secret.
    ///   - fields: for invalid input, every field that breaks a rule.
    ///   - retry: whether a retry can help; defaults to the value for the reason.
    ///   - requestID: the id of the failed request.
    ///   - isFromServer: `true` if a server reported the error.
    public init(
        _ reason: ErrorReason, _ message: String, code: Int? = nil, details: [String: String]? = nil,
        fields: [ValidationError] = [], retry: Bool? = nil, requestID: String? = nil, isFromServer: Bool = false
    ) {
        self.code = code ?? reason.status
        self.reason = reason
        self.message = message
        self.details = details
        self.fields = fields
        self.retry = retry ?? reason.retryCanHelp
        self.requestID = requestID
        self.isFromServer = isFromServer
    }

    /// Returns the error for invalid input, with all broken rules at once.
    public static func invalid(_ fields: [ValidationError]) -> APIError {
        APIError(.validationFailed, fields.map(\.description).joined(separator: "; "), fields: fields)
    }
}

extension APIError: CustomStringConvertible {
    public var description: String { "\(message) (\(reason))" }
}

extension APIError: Codable {
    enum CodingKeys: String, CodingKey {
        case code, reason, message, details, fields, retry
        case requestID = "request_id"
    }

    /// Requires only `code`, `reason` and `message`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let reason = try container.decode(ErrorReason.self, forKey: .reason)
        self.init(
            reason,
            try container.decode(String.self, forKey: .message),
            code: try container.decode(Int.self, forKey: .code),
            details: try container.readMembersIfPresent([String: String].self, forKey: .details),
            fields: try container.readElementsIfPresent([ValidationError].self, forKey: .fields) ?? [],
            retry: try container.readIfPresent(Bool.self, forKey: .retry),
            requestID: try container.readTextIfPresent(forKey: .requestID), isFromServer: true)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(reason, forKey: .reason)
        try container.encode(message, forKey: .message)
        try container.encode(details, forKey: .details)
        try container.encode(fields, forKey: .fields)
        try container.encode(retry, forKey: .retry)
        try container.encode(requestID, forKey: .requestID)
    }
}
