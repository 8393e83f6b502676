package import CubeErrors
import CubeTypes

/// Carries one request to a server and brings the head of its answer: over the network, to one of several servers, or to a
/// server in the same process. It knows nothing of retries, deadlines and JSON, which are the transport's.
package protocol Wire: Sendable {
    /// - Throws: ``WireError`` where no answer came; `CancellationError`.
    func exchange(_ request: WireRequest) async throws -> WireAnswer
    /// How messages name the server, such as `http://127.0.0.1:8081`.
    var name: String { get }
}

/// A request as it stands on the wire, without an address.
package struct WireRequest: Sendable {
    /// In capital letters.
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

    /// What messages call it: without the query, which may be long. Only the URL of a server can be continued by a path: that
    /// of a socket would read like a longer path of the file system.
    package func label(at server: String) -> String {
        let path = target.prefix { $0 != "?" }
        if case .tcp = Endpoint(rawValue: server)?.address { return "\(method) \(server)\(path)" }
        return "\(method) \(path) at \(server)"
    }
}

/// An answer whose body is still to come.
package struct WireAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: ByteStream
    /// Who answered, as messages name it.
    package var origin: String

    package init(status: Int, headers: [(name: String, value: String)] = [], body: ByteStream, origin: String) {
        self.status = status
        self.headers = headers
        self.body = body
        self.origin = origin
    }

    /// A header field, whatever the case of its name.
    func header(_ name: String) -> String? {
        headers.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why no answer came.
package struct WireError: Error {
    package var error: APIError
    /// Whether the server may have seen the request. Where it certainly did not, it may be sent again whatever it asks for.
    package var mayHaveArrived: Bool

    package init(_ error: APIError, mayHaveArrived: Bool = true) {
        self.error = error
        self.mayHaveArrived = mayHaveArrived
    }
}
