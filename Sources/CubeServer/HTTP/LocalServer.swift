package import CubeManager
import CubeVersion
package import CubeWorker
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import Synchronization

/// A server without a socket, for clients in its own process. The same gate and routes answer as on a Unix socket.
///
/// A call runs in the task of its client: it stays on the executor that the client prefers, and ends with the client's
/// cancellation.
package struct LocalServer: Sendable {
    private let gate: Gate

    /// A manager's interface.
    package init(_ manager: ManagerService, options: ServerOptions, logger: Logger) {
        self.init(table: .manager(manager), options: options, logger: logger)
    }

    /// A worker's interface.
    package init(_ worker: WorkerService, options: ServerOptions, logger: Logger) {
        self.init(table: .worker(worker), options: options, logger: logger)
    }

    private init(table: RouteTable, options: ServerOptions, logger: Logger) {
        gate = Gate(
            table: table, options: options, version: VersionInfo(), pool: ConnectionPool(limits: options.limits),
            logger: logger)
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - method: in capital letters.
    ///   - target: the path and the query, percent-encoded.
    ///   - headers: the header fields. A field without a valid name is left out.
    ///   - body: `nil` for none.
    package func answer(
        _ method: String, _ target: String, headers: [(name: String, value: String)], body: [UInt8]?
    ) async throws -> LocalAnswer {
        var fields = HTTPFields()
        for header in headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        let head = HTTPRequest(
            method: HTTPRequest.Method(method) ?? .get, scheme: "http", authority: "localhost", path: target,
            headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body ?? [])))
        return try await LocalAnswer(gate.respond(to: request, context: Gate.Context()))
    }
}

/// An answer of a ``LocalServer``.
package struct LocalAnswer: Sendable {
    package enum Body: Sendable {
        case whole([UInt8])
        /// Calls its argument with each piece, as they come; returns after the last one.
        case stream(@Sendable (@escaping @Sendable ([UInt8]) -> Void) async throws -> Void)
    }

    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: Body

    fileprivate init(_ response: Response) async throws {
        status = response.status.code
        headers = response.headers.map { ($0.name.rawName, $0.value) }
        let source = response.body
        if source.contentLength == nil {
            body = .stream { send in try await source.write(Writer(send: send)) }
        } else {
            let collected = Collected()
            try await source.write(Writer { bytes in collected.bytes.withLock { $0 += bytes } })
            body = .whole(collected.bytes.withLock(\.self))
        }
    }

    private final class Collected: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    private struct Writer: ResponseBodyWriter {
        let send: @Sendable ([UInt8]) -> Void

        mutating func write(_ buffer: ByteBuffer) async throws { send(Array(buffer.readableBytesView)) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
