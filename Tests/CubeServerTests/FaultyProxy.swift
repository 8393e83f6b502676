import CubeTypes
import NIOCore
import NIOPosix
import Synchronization

/// A proxy between a client and its server that applies a given fault to the responses of each connection.
enum FaultyProxy {
    enum Fault: Sendable {
        /// Forwards everything.
        case none
        /// Closes a connection as soon as it is established.
        case close
        /// Forwards the request, and never responds.
        case hang
        /// Withholds the response until it is released.
        case delay
        /// Forwards the beginning of the responses, then closes.
        case truncate(after: Int)
        /// Forwards the beginning of the responses, then stalls.
        case stall(after: Int)
        /// Forwards every piece twice.
        case duplicate
        /// Replaces the response after the server has sent it.
        case page(String)
        /// Sends a response immediately, without reading the request.
        case greet(String)
    }

    /// A part of a response that the client never receives, or not yet.
    struct Withheld: Sendable {
        /// Whether ``release`` forwards it.
        let isDelayed: Bool
        let release: @Sendable () -> Void
    }

    /// - Parameters:
    ///   - fault: The fault of the next connection.
    ///   - onWithheld: Called once for each connection on which a response is withheld.
    static func run(
        before server: Endpoint, fault: @Sendable @escaping () -> Fault,
        onWithheld: @Sendable @escaping (Withheld) -> Void = { _ in }, _ body: (Endpoint) async throws -> Void
    ) async throws {
        let connections = OpenConnections()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                let fault = connections.add(channel) ? fault() : .close
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ClientSide(server: server, fault: fault, onWithheld: onWithheld))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result = await Result {
            try await body(Endpoint(.tcp(host: "127.0.0.1", port: listener.localAddress!.port!)))
        }
        try await listener.close()
        connections.close()
        try result.get()
    }

    /// The client connections, which are closed at the end of the test.
    private final class OpenConnections: Sendable {
        private let channels = Mutex<[any Channel]?>([])

        /// - Returns: Whether the proxy is still running.
        func add(_ channel: any Channel) -> Bool {
            channels.withLock { channels in
                channels?.append(channel)
                return channels != nil
            }
        }

        func close() {
            let open = channels.withLock { channels in
                defer { channels = nil }
                return channels ?? []
            }
            for channel in open { channel.close(promise: nil) }
        }
    }

    /// Forwards the bytes of a client to the server.
    private final class ClientSide: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let server: Endpoint
        private let fault: Fault
        private let onWithheld: @Sendable (Withheld) -> Void
        private var upstream: (any Channel)?
        private var waiting: [ByteBuffer] = []

        init(server: Endpoint, fault: Fault, onWithheld: @Sendable @escaping (Withheld) -> Void) {
            self.server = server
            self.fault = fault
            self.onWithheld = onWithheld
        }

        func channelActive(context: ChannelHandlerContext) {
            guard case .tcp(let host, let port) = server.address else { return }
            if case .close = fault { return context.close(promise: nil) }
            if case .greet(let greeting) = fault {
                context.channel.writeAndFlush(ByteBuffer(string: greeting), promise: nil)
                return
            }
            let (client, fault, onWithheld) = (context.channel, fault, onWithheld)
            ClientBootstrap(group: context.eventLoop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ServerSide(client: client, fault: fault, onWithheld: onWithheld))
                }
            }.connect(host: host, port: port).assumeIsolated().whenComplete { result in
                guard case .success(let upstream) = result, client.isActive else { return client.close(promise: nil) }
                self.upstream = upstream
                for bytes in self.waiting { upstream.writeAndFlush(bytes, promise: nil) }
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if let upstream { upstream.writeAndFlush(bytes, promise: nil) } else { waiting.append(bytes) }
        }

        func channelInactive(context: ChannelHandlerContext) { upstream?.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// Applies the fault to the bytes of the server.
    private final class ServerSide: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let client: any Channel
        private var fault: Fault
        private let onWithheld: @Sendable (Withheld) -> Void
        private var sent = 0
        private var isWithholding = false
        private var delayed: [ByteBuffer] = []

        init(client: any Channel, fault: Fault, onWithheld: @Sendable @escaping (Withheld) -> Void) {
            self.client = client
            self.fault = fault
            self.onWithheld = onWithheld
        }

        private func withhold(_ context: ChannelHandlerContext) {
            guard !isWithholding else { return }
            isWithholding = true
            let side = NIOLoopBound(self, eventLoop: context.eventLoop)
            guard case .delay = fault else { return onWithheld(Withheld(isDelayed: false) {}) }
            onWithheld(Withheld(isDelayed: true) { side.eventLoop.execute { side.value.release() } })
        }

        private func release() {
            fault = .none
            for bytes in delayed { client.writeAndFlush(bytes, promise: nil) }
            delayed = []
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            switch fault {
            case .none, .close, .greet: client.writeAndFlush(bytes, promise: nil)
            case .hang: withhold(context)
            case .delay:
                delayed.append(bytes)
                withhold(context)
            case .truncate(let limit), .stall(let limit):
                let part = bytes.getSlice(at: bytes.readerIndex, length: min(bytes.readableBytes, limit - sent))!
                client.writeAndFlush(part, promise: nil)
                sent += part.readableBytes
                if part.readableBytes < bytes.readableBytes, case .stall = fault { withhold(context) }
                if sent == limit, case .truncate = fault { context.close(promise: nil) }
            case .duplicate:
                client.writeAndFlush(bytes, promise: nil)
                client.writeAndFlush(bytes, promise: nil)
            case .page(let page):
                client.writeAndFlush(ByteBuffer(string: page), promise: nil)
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension Result where Failure == any Error, Success == Void {
    fileprivate init(_ body: () async throws -> Void) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
