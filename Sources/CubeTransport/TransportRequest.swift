package import CubeErrors
import CubeTypes

/// One call, as a client states it; the transport adds the address, the token and the request id.
package struct TransportRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// The client's method that makes the call: what metrics and traces call it.
    var operation: String
    var method: Method
    /// Decoded components, without a leading slash.
    var path: [String]
    var query: [(name: String, value: String)]
    var body: (any Encodable & Sendable)?
    /// From the first attempt to the last byte of the answer, of a stream to its head; `nil`: as the client's options say.
    var deadline: Duration?
    /// How long the server may hold the answer back.
    var wait: Duration?
    /// The largest answer that is read, in bytes; `nil`: as the client's options say.
    var answerLimit: Int?
    /// Whether sending it twice does what sending it once does.
    var isIdempotent: Bool
    /// The error by which a call that removes something learns, when it is made again, that the first time did it.
    var goneReason: ErrorReason?

    /// - Parameters:
    ///   - query: a `nil` value leaves its name out.
    ///   - wait: how long the server may hold the answer back; the deadline is then that and a little more.
    ///   - isIdempotent: by default what HTTP says of the method.
    ///   - goneReason: says that what the call removes is not there.
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

    /// How long one attempt, and all of them together, may take.
    func deadlines(_ options: ClientOptions) -> (attempt: Duration, total: Duration) {
        if let deadline { return (deadline, deadline) }
        let attempt = options.requestDeadline + (wait ?? .zero)
        return (attempt, max(attempt, options.totalDeadline))
    }

    /// The path and query as they stand in the request line.
    var target: String {
        let pairs = query.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }
        return "/" + path.map(Self.escape).joined(separator: "/")
            + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
