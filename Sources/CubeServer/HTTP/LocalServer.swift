package import CubeManager
import CubeVersion
package import CubeWorker
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import Synchronization

/// A server without a socket, for clients in its own process. It uses the same gate and routes as on a Unix socket.
///
/// A call runs in the task of its client. It stays on the client's preferred executor, and ends when the client is
/// cancelled.
package struct LocalServer: Sendable {
    private let gate: Gate

    /// A server for a manager.
    package init(_ manager: ManagerService, options: ServerOptions, logger: Logger) {
        self.init(table: .manager(manager), options: options, logger: logger)
    }

    /// A server for a worker.
    package init(_ worker: WorkerService, options: ServerOptions, logger: Logger) {
        self.init(table: .worker(worker), options: options, logger: logger)
    }

    private init(table: RouteTable, options: ServerOptions, logger: Logger) {
        gate = Gate(
            table: table, options: options, version: VersionInfo(), pool: ConnectionPool(limits: options.limits),
            logger: logger)
    }

    /// Responds to a request.
    ///
    /// - Parameters:
    ///   - method: The method, in capital letters.
    ///   - target: The path and query, percent-encoded.
    ///   - headers: The header fields. Fields with an invalid name are left out.
    ///   - body: The body; `nil` if there is none.
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
        return try await LocalAnswer(gate.respond(to: request, on: nil))
    }
}

/// A response of a ``LocalServer``.
package struct LocalAnswer: Sendable {
    package enum Body: Sendable {
        case whole([UInt8])
        /// Calls its argument with each piece of the body, and returns after the last one.
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
