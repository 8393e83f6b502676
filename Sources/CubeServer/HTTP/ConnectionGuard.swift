import CubeErrors
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What no route sees of a connection: a request that takes too long or too much, an answer that nobody takes, a request that
/// is no HTTP, and the moment at which the client goes away.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private let pool: ConnectionPool
    private var departure: EventLoopPromise<Void>?
    private var requestDeadline: Scheduled<Void>?
    private var stallDeadline: Scheduled<Void>?
    private var strangerDeadline: Scheduled<Void>?
    private var hasEntered = false
    private var unanswered = 0
    private var received = 0

    init(limits: ServerLimits, pool: ConnectionPool) {
        self.limits = limits
        self.pool = pool
    }

    /// Succeeds when the client of a connection stopped sending or is gone.
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
            requestDeadline = close(context, in: limits.requestTime)
        case .body(let bytes):
            received += bytes.readableBytes
            // The route refused it long ago; what still comes is not even worth dropping.
            if received > 2 * limits.batchBytes { context.close(promise: nil) }
        case .end:
            requestDeadline?.cancel()
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
            .validationFailed, tooLarge ? "the header fields are larger than allowed" : "the request is not HTTP/1.1",
            code: tooLarge ? 431 : 400)
        let body = (try? JSONEncoder().encode(answer)) ?? Data()  // Strings and numbers alone: it cannot fail.
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

    private func close(_ context: ChannelHandlerContext, in span: Duration) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(span)) { context.close(promise: nil) }
    }

    /// Puts a handler of its own where messages still are as they came.
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

    /// Closes a connection that presented no token in time. A request that is under way is answered first.
    private func closeStranger(_ context: ChannelHandlerContext) {
        guard pool.isStranger(context.channel) else { return }
        if unanswered == 0 {
            context.close(promise: nil)
        } else {
            // The next request may present one.
            strangerDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.requestTime)) {
                if self.pool.isStranger(context.channel) { context.close(promise: nil) }
            }
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        requestDeadline?.cancel()
        stallDeadline?.cancel()
        strangerDeadline?.cancel()
        pool.leave(context.channel)
        departure?.succeed()
    }
}
