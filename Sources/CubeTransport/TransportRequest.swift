package import CubeErrors
import CubeTypes

/// A call as a client describes it. The transport adds the address, the token and the request id.
package struct TransportRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// The name of the client's method that makes the call, used in metrics and traces.
    var operation: String
    var method: Method
    /// The path components, not percent-encoded.
    var path: [String]
    var query: [(name: String, value: String)]
    var body: (any Encodable & Sendable)?
    /// The deadline for the call, from the first attempt to the last byte of the response; for a stream, to the head of the response.
    /// `nil` for the deadlines in the client's options.
    var deadline: Duration?
    /// How long the server may delay the response.
    var wait: Duration?
    /// The maximum size of the response in bytes; `nil` for the limit in the client's options.
    var answerLimit: Int?
    /// Whether a repeated request has no further effect.
    var isIdempotent: Bool
    /// The error reason that means that the target of a removal does not exist. For a repeated request, it counts as success.
    var goneReason: ErrorReason?

    /// - Parameters:
    ///   - query: the query parameters; parameters with a `nil` value are omitted.
    ///   - wait: how long the server may delay the response; it is added to the deadline.
    ///   - isIdempotent: whether a repeated request has no further effect; by default, whether the HTTP method is idempotent.
    ///   - goneReason: the error reason that means that the target of the removal does not exist.
    package init(
        _ method: Method, _ path: [String], query: KeyValuePairs<String, (any CustomStringConvertible)?> = [:],
        body: (any Encodable & Sendable)? = nil, wait: Duration? = nil, deadline: Duration? = nil,
        answerLimit: Int? = nil, isIdempotent: Bool? = nil,
        removes goneReason: ErrorReason? = nil,
        operation: String = #function
    ) {
        self.operation = String(operation.prefix { $0 != "(" })
        self.method = method
        self.path = path
        self.query = query.compactMap { name, value in value.map { (name, $0.description) } }
        self.wait = wait
        if let wait { self.query.append(("wait", wait.text)) }
        self.body = body
        self.deadline = deadline
        self.answerLimit = answerLimit
        self.isIdempotent = isIdempotent ?? (method != .post)
        self.goneReason = goneReason
    }

    /// Returns the deadlines for one attempt and for all attempts together.
    func deadlines(_ options: ClientOptions) -> (attempt: Duration, total: Duration) {
        if let deadline { return (deadline, deadline) }
        let attempt = options.requestDeadline + (wait ?? .zero)
        return (attempt, max(attempt, options.totalDeadline))
    }

    /// The path and query of the request line, percent-encoded.
    var target: String {
        let pairs = query.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        return "/" + path.map(\.percentEncoded).joined(separator: "/")
            + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}
