package import CubeErrors
import CubeTypes

/// Carries a request to a server and returns the head of the response: over the network, to one of several servers, or to a server
/// in the same process. Retries, deadlines and JSON are the responsibility of the transport.
package protocol Wire: Sendable {
    /// - Throws: ``WireError`` if there is no response; `CancellationError`.
    func exchange(_ request: WireRequest) async throws -> WireAnswer
    /// The name of the server in messages, such as `http://127.0.0.1:8081`.
    var name: String { get }
}

/// A request in its wire form, without an address.
package struct WireRequest: Sendable {
    /// The HTTP method in upper case.
    package var method: String
    /// The path and the query, percent-encoded.
    package var target: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?

    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// Returns the label of the request in messages, without the query, which may be long. The path is appended only to an HTTP URL:
    /// appended to the path of a Unix socket, it would look like part of the file path.
    package func label(at server: String) -> String {
        let path = target.prefix { $0 != "?" }
        if case .tcp = Endpoint(rawValue: server)?.address { return "\(method) \(server)\(path)" }
        return "\(method) \(path) at \(server)"
    }
}

/// A response whose body has not been read yet.
package struct WireAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: ByteStream
    /// The name of the responding server in messages.
    package var origin: String

    package init(status: Int, headers: [(name: String, value: String)] = [], body: ByteStream, origin: String) {
        self.status = status
        self.headers = headers
        self.body = body
        self.origin = origin
    }

    /// Returns the value of a header field, whose name is case-insensitive.
    func header(_ name: String) -> String? {
        headers.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The reason why there is no response.
package struct WireError: Error {
    package var error: APIError
    /// Whether the server may have received the request. If it certainly has not, even a call that is not idempotent may be repeated.
    package var mayHaveArrived: Bool

    package init(_ error: APIError, mayHaveArrived: Bool = true) {
        self.error = error
        self.mayHaveArrived = mayHaveArrived
    }
}
