import CubeErrors
import CubeTypes
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// A request that passed the gate, as a route sees it.
struct Call: Sendable {
    let request: Request
    /// The named components of its path.
    let parameters: [String: String]
    /// Whose token came with it; `nil` on a Unix socket and where none is asked for.
    let role: TokenSet.Role?
    let limits: ServerLimits
    /// How many bytes of body it may have.
    let bodyLimit: Int
    /// Its connection; `nil` where it comes from this process.
    let channel: (any Channel)?

    /// The body as it came.
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
            throw APIError(.validationFailed, "the body is not what its header fields say")
        }
    }

    /// Decodes the body.
    ///
    /// - Throws: `body_too_large`; `validation_failed` with the places in the body.
    func body<Body: Decodable & Described>(as type: Body.Type = Body.self) async throws -> Body {
        try JSONBody(try await bytes()).decoded()
    }
}

// MARK: - Calls that wait

extension Call {
    /// Runs what may take long; it is cancelled when the client goes away or the server shuts down.
    func untilGone<Value: Sendable>(
        _ operation: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        // A client in this process goes away by cancelling the call.
        guard let channel else { return try await operation() }
        let (gone, signal) = AsyncStream<Never>.makeStream()
        let departure = try await ConnectionGuard.departure(from: channel)
        departure.whenComplete { _ in signal.finish() }
        return try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Value?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await operation() }
                group.addTask {
                    for await _ in gone {}
                    return nil
                }
                guard let first = try await group.next(), let value = first else { throw CancellationError() }
                return value
            }
        }
    }

    /// Answers with bytes as they come. An error on the way breaks the answer off, so that it does not look whole.
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

/// Where a stream's bytes go, as fast as the client takes them. Unchecked: one task alone uses the writer at a time.
struct BodySink: @unchecked Sendable {
    fileprivate let writer: any ResponseBodyWriter
    fileprivate let eventLoop: (any EventLoop)?

    @concurrent func send(_ bytes: [UInt8]) async throws {
        var writer = writer
        try await writer.write(ByteBuffer(bytes: bytes))
        // A write returns before the event loop has seen it. Whoever does not wait for the loop can outrun it without bound.
        try await eventLoop?.submit {}.get()
    }
}
