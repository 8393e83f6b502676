import CubeCertificates
import CubeErrors
import CubeSystem
import CubeTypes
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// A request that has passed the gate, as its route receives it.
struct Call: Sendable {
    let request: Request
    /// The values of the named path components.
    let parameters: [String: String]
    /// The client; `nil` on routes that need no token.
    let caller: Caller?
    /// Whom the client's certificate identifies; `nil` if it presented none.
    let peer: CertificateName?
    let options: ServerOptions
    /// The maximum size of the body in bytes.
    let bodyLimit: Int
    /// The calls that the server has refused.
    let refusals: RefusalLog
    /// The connection; `nil` if the client is in this process.
    let channel: (any Channel)?

    var limits: ServerLimits { options.limits }

    /// Whether the listener requests certificates from clients.
    var usesCertificates: Bool { options.tls?.clients != nil }

    /// The role of the presented token; `nil` on a Unix socket, and on routes that need no token.
    var role: TokenSet.Role? { caller?.role }

    /// Reads the raw body.
    ///
    /// - Throws: `body_too_large`.
    func bytes() async throws -> [UInt8] {
        if request.headers[.expect] != nil {
            channel?.triggerUserOutboundEvent(MessageFraming.BodyIsWanted(), promise: nil)
        }
        do {
            return Array(try await request.body.collect(upTo: bodyLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(bodyLimit)
        } catch is HTTPParserError {
            throw APIError(.validationFailed, "the request body does not match its header fields")
        }
    }

    /// Decodes the body.
    ///
    /// - Throws: `body_too_large`; `validation_failed` with the paths of the invalid fields.
    func body<Body: Decodable & Described>(as type: Body.Type = Body.self) async throws -> Body {
        try JSONBody(try await bytes()).decoded()
    }
}

// MARK: - Calls that wait

extension Call {
    /// Runs a long operation, and cancels it when the client disconnects, its token is revoked or expires, or the server shuts down.
    ///
    /// - Throws: `unauthorized` if the token is no longer valid.
    func untilGone<Value: Sendable>(
        _ operation: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        // A client in this process disconnects by cancelling the call.
        guard let channel else { return try await operation() }
        let (gone, signal) = AsyncStream<Never>.makeStream()
        let departure = try await ConnectionGuard.departure(from: channel)
        departure.whenComplete { _ in signal.finish() }
        return try await cancelWhenGracefulShutdown {
            let value = try await race(operation) {
                guard caller?.issued != nil else {
                    for await _ in gone {}
                    return
                }
                _ = try await race({ for await _ in gone {} }, until: { try await untilUnauthorized() })
            }
            try caller?.check(options.issued)
            guard let value else { throw CancellationError() }
            return value
        }
    }

    /// Returns when the token of the caller was revoked or has expired.
    private func untilUnauthorized() async throws {
        while true {
            do { try caller?.check(options.issued) } catch { return }
            try await options.clock.sleep(for: options.tokenCheckInterval)
        }
    }

    /// Streams a response. An error breaks the connection, so that a truncated response never looks complete.
    func stream(contentType: String, _ produce: @Sendable @escaping (BodySink) async throws -> Void) -> Response {
        Response(
            status: .ok, headers: [.contentType: contentType],
            body: ResponseBody { writer in
                let sink = BodySink(writer: writer, eventLoop: channel?.eventLoop)
                try await untilGone { try await produce(sink) }
                try await writer.finish(nil)
            })
    }
}

/// Writes the bytes of a stream at the speed at which the client reads them.
///
/// `@unchecked Sendable` is safe because only one task uses the writer at a time.
struct BodySink: @unchecked Sendable {
    fileprivate let writer: any ResponseBodyWriter
    fileprivate let eventLoop: (any EventLoop)?

    @concurrent func send(_ bytes: [UInt8]) async throws {
        var writer = writer
        try await writer.write(ByteBuffer(bytes: bytes))
        // A write returns before the event loop has processed it. Without this wait, the buffered bytes could grow
        // without bound.
        try await eventLoop?.submit {}.get()
    }
}
