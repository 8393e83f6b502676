/// The one public error: what every call of the SDK throws, and what stands on the wire.
///
/// - Since: 0.1
public struct APIError: Error, Hashable, Sendable {
    /// An integer like an HTTP status.
    public var code: Int
    /// Why, as a stable word.
    public var reason: ErrorReason
    /// For a person: the thing, the value and the rule.
    public var message: String
    /// Further facts by name, where there are any; never a secret.
    public var details: [String: String]?
    /// For bad input: every field that breaks a rule.
    public var fields: [ValidationError]
    /// Whether the same call, made again later, may succeed.
    public var retry: Bool
    /// The id of the request that failed, where it had one: the server's logs have it too.
    public var requestID: String?
    /// How long to wait before that, where the server said so. Not in the object on the wire: it is HTTP's `Retry-After`, in
    /// whole seconds.
    public var retryAfter: Duration?
    /// Whether the server itself said so: `true` only for an error that was read from an answer. `false` where the request went
    /// wrong on its way, where somebody between answered, and where the program itself found the fault. Not on the wire.
    public var isFromServer: Bool

    /// - Parameters:
    ///   - reason: why, as a stable word.
    ///   - message: for a person: the thing, the value and the rule.
    ///   - code: defaults to the status of the reason.
    ///   - details: further facts by name; never a secret.
    ///   - fields: for bad input, every field that breaks a rule.
    ///   - retry: defaults to what the reason says.
    ///   - requestID: the id of the request that failed.
    ///   - isFromServer: `true` for what a server said.
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

    /// The error for input that breaks rules: all of them at once.
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

    /// Only `code`, `reason` and `message` must be there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let reason = try container.decode(ErrorReason.self, forKey: .reason)
        self.init(
            reason,
            try container.decode(String.self, forKey: .message),
            code: try container.decode(Int.self, forKey: .code),
            details: try container.unlessAbsent(.details) {
                try $0.readMembers([String: String].self, forKey: .details)
            },
            fields: try container.unlessAbsent(.fields) { try $0.readElements([ValidationError].self, forKey: .fields) }
                ?? [],
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
