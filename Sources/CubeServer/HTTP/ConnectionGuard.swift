import CubeErrors
import CubeJSON
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Protects a connection below the level of routes: it closes connections whose request is too slow or too large or
/// whose client does not read the response, responds to malformed requests, and detects when the client disconnects.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private let pool: ConnectionPool
    private var departure: EventLoopPromise<Void>?
    /// When the current request must have been received; `nil` between requests.
    private var requestDeadline: NIODeadline?
    /// Looks for a request that is late. It is kept across requests, as setting a timer for each costs more than the request.
    private var requestTimer: Scheduled<Void>?
    private var stallDeadline: Scheduled<Void>?
    private var strangerDeadline: Scheduled<Void>?
    private var hasEntered = false
    private var unanswered = 0
    private var received = 0

    init(limits: ServerLimits, pool: ConnectionPool) {
        self.limits = limits
        self.pool = pool
    }

    /// A future that succeeds when the client closes its side of the connection or disconnects.
    static func departure(from channel: any Channel) async throws -> EventLoopFuture<Void> {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).departure?.futureResult
                ?? channel.eventLoop.makeSucceededVoidFuture()
        }.get()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        departure = context.eventLoop.makePromise()
        frameMessages(context)
        if context.channel.isActive { enter(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(context) }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { departure?.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            received = 0
            requestDeadline = context.eventLoop.now + TimeAmount(limits.requestTime)
            if requestTimer == nil { watchRequest(context, for: TimeAmount(limits.requestTime)) }
        case .body(let bytes):
            received += bytes.readableBytes
            // The route has already refused the body. Close the connection instead of reading and dropping the rest.
            if received > 2 * limits.batchBytes { context.close(promise: nil) }
        case .end:
            requestDeadline = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stallDeadline?.cancel()
        stallDeadline = context.channel.isWritable ? nil : close(context, in: limits.stallTime)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, unanswered == 0 else {
            context.fireErrorCaught(error)
            return
        }
        let tooLarge = error == .headerOverflow
        let answer = APIError(
            .validationFailed,
            tooLarge ? "the header fields exceed the size limit" : "the request is not valid HTTP/1.1",
            code: tooLarge ? 431 : 400)
        let body = (try? JSONBytesEncoder.bytes(of: answer)) ?? []  // Encoding strings and numbers cannot fail.
        let head = HTTPResponse(
            status: HTTPResponse.Status(code: answer.code),
            headerFields: [
                .contentType: "application/json", .contentLength: "\(body.count)", .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    /// Waits, and then closes the connection if its current request is late. If the request has time left, waits again.
    private func watchRequest(_ context: ChannelHandlerContext, for span: TimeAmount) {
        requestTimer = context.eventLoop.assumeIsolated().scheduleTask(in: span) {
            self.requestTimer = nil
            guard let deadline = self.requestDeadline else { return }
            let left = deadline - context.eventLoop.now
            if left > .nanoseconds(0) { self.watchRequest(context, for: left) } else { context.close(promise: nil) }
        }
    }

    private func close(_ context: ChannelHandlerContext, in span: Duration) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(span)) { context.close(promise: nil) }
    }

    /// Adds the ``MessageFraming`` handler directly after the decoder, where messages are still unprocessed.
    private func frameMessages(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(MessageFraming(), position: .after(decoder))
        } catch {
            context.fireErrorCaught(error)
        }
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard !hasEntered else { return }
        hasEntered = true
        pool.enter(context.channel)
        strangerDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.strangerTime)) {
            self.closeStranger(context)
        }
    }

    /// Closes a connection that has not presented a token in time. A current request is answered first.
    private func closeStranger(_ context: ChannelHandlerContext) {
        guard pool.isStranger(context.channel) else { return }
        if unanswered == 0 {
            context.close(promise: nil)
        } else {
            // The next request may present a token.
            strangerDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.requestTime)) {
                if self.pool.isStranger(context.channel) { context.close(promise: nil) }
            }
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        requestTimer?.cancel()
        stallDeadline?.cancel()
        strangerDeadline?.cancel()
        pool.leave(context.channel)
        departure?.succeed()
    }
}
