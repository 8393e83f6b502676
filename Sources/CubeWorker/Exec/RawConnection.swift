import CubeCore
import CubeTypes
import NIOCore
import NIOPosix

/// A connection that carries raw bytes in both directions, each with back pressure, and whose directions end separately.
///
/// It is built on NIO, as no HTTP client offers this after an upgrade.
struct RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Takes over a connected socket. The connection closes it.
    static func taking(_ descriptor: Int32) async throws -> RawConnection {
        try await bootstrap.withConnectedSocket(descriptor, channelInitializer: prepare)
    }

    /// Connects to a Unix socket.
    static func connect(to socket: String) async throws -> RawConnection {
        try await bootstrap.connect(unixDomainSocketPath: socket, channelInitializer: prepare)
    }

    private static var bootstrap: ClientBootstrap {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connectTimeout(.seconds(5))
    }

    @Sendable private static func prepare(_ channel: any NIOCore.Channel) -> EventLoopFuture<RawConnection> {
        channel.eventLoop.makeCompletedFuture {
            RawConnection(
                channel: try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    /// Uses the connection, and closes it afterwards.
    func use<Value: Sendable>(
        _ body: (RawBytes, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Value
    ) async throws -> Value {
        try await channel.executeThenClose { inbound, outbound in try await body(RawBytes(inbound), outbound) }
    }
}

/// The bytes that arrive through a connection. Unchecked, because only one task at a time reads them.
final class RawBytes: @unchecked Sendable {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    init(_ stream: NIOAsyncChannelInboundStream<ByteBuffer>) { iterator = stream.makeAsyncIterator() }

    /// Returns the next bytes; `nil` at the end, and after cancellation.
    @concurrent func next() async throws -> ByteBuffer? { try await iterator.next() }
}
