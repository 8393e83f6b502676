import NIOCore
import NIOHTTP1

/// Handles the parts of an HTTP message that the shared HTTP types do not represent: the version, whether the
/// connection closes after the message, whether the client waits for `100 Continue`, and duplicate `Host` fields.
final class MessageFraming: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// An outbound event that a route sends before it reads the body of its request.
    struct BodyIsWanted: Sendable {}

    private struct Exchange {
        var version: HTTPVersion
        /// Whether the client waits for `100 Continue` before it sends the body, and has not received it yet.
        var isWaiting: Bool
        /// Whether the connection closes after the response.
        var isLast: Bool
    }

    /// The requests without a complete response, in order.
    private var exchanges: [Exchange] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let isOld = (head.version.major, head.version.minor) < (1, 1)
        exchanges.append(
            Exchange(
                version: isOld ? .http1_0 : .http1_1,
                isWaiting: !isOld && head.headers.contains(name: "Expect"), isLast: isOld))
        // The gate would receive only the first of several Host fields. It refuses a host with a comma, so join them
        // with one.
        let hosts = head.headers["Host"]
        if hosts.count > 1 { head.headers.replaceOrAdd(name: "Host", value: hosts.joined(separator: ", ")) }
        // An HTTP/1.0 client cannot detect where the next response begins.
        if isOld { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyIsWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if exchanges.first?.isWaiting == true {
            exchanges[0].isWaiting = false
            context.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let exchange = exchanges.first else {
            context.write(data, promise: promise)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            head.version = exchange.version
            // A client that still waits for `100 Continue` may or may not send its body, so the bytes that follow are
            // ambiguous.
            let isLast =
                exchange.isLast || exchange.isWaiting || head.headers[canonicalForm: "Connection"].contains("close")
            exchanges[0].isLast = isLast
            if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            exchanges.removeFirst()
            context.write(data, promise: promise)
            guard exchange.isLast else { return }
            context.flush()
            context.close(mode: .output, promise: nil)
        }
    }
}
