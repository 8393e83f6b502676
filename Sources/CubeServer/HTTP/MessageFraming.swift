import NIOCore
import NIOHTTP1

/// What the shared types of HTTP do not carry of a message: its version, whether the connection ends with it, whether the client
/// waits for a word before it sends a body, and a `Host` that is given twice.
final class MessageFraming: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Sent down a channel when a route is about to read the body of its request.
    struct BodyIsWanted: Sendable {}

    private struct Exchange {
        var version: HTTPVersion
        /// Whether the client sends its body only after `100 Continue`, which it has not got yet.
        var isWaiting: Bool
        /// Whether the connection ends with the answer.
        var isLast: Bool
    }

    /// The requests that have no answer yet, in their order.
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
        // The gate refuses a host with a comma, and only the first of several fields would reach it.
        let hosts = head.headers["Host"]
        if hosts.count > 1 { head.headers.replaceOrAdd(name: "Host", value: hosts.joined(separator: ", ")) }
        // An old client cannot tell where the next answer begins.
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
            // A client that still waits may send its body or not: what comes next on the connection cannot be known.
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
