import NIOCore
import NIOPosix

/// Where a check connects to.
struct ProbeTarget: CustomStringConvertible, Sendable {
    /// A name or an address; `nil`: the loopback address.
    var host: String?
    var port: Int

    var description: String {
        guard let host else { return "port \(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address that the host is; `nil` where it is a name, which has to be resolved.
    ///
    /// - Throws: where there is no such port.
    func address() throws(ProbeFailure) -> SocketAddress? {
        guard UInt16(exactly: port) != nil else { throw .noPort(port) }
        guard let host else { return nil }
        // What is no address is a name.
        return try? SocketAddress(ipAddress: host, port: port)
    }
}

/// The connection of one check.
///
/// It stands on NIO and not on an HTTP client: a check wants one connection to an address that need not be the one that its
/// `Host` says, and no pool, redirect or retry.
enum ProbeConnection {
    /// Connects, and waits for a result. The connection is closed in any case, also where it is opened only later.
    ///
    /// - Parameters:
    ///   - limit: when an attempt to connect is given up for good.
    ///   - prepare: sets up a new connection; what it adds finishes the result.
    ///   - connected: called when the connection is open.
    /// - Throws: what ended the attempt; `CancellationError`.
    static func run<Answer: Sendable>(
        to target: ProbeTarget, within limit: Duration,
        prepare: @escaping @Sendable (any Channel, ProbeResult<Answer>) throws -> Void,
        connected: @escaping @Sendable (ProbeResult<Answer>) -> Void = { _ in }
    ) async throws -> Answer {
        let result = ProbeResult<Answer>()
        let channel = try open(target) {
            ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(limit))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try prepare(channel, result) }
                }
        }
        channel.whenComplete { opened in
            switch opened {
            case .success: connected(result)
            case .failure(let error): result.finish(.failure(error))
            }
        }
        defer { channel.whenSuccess { $0.close(promise: nil) } }
        return try await result.value()
    }

    /// Only a name goes through the resolver, which may keep a check waiting. The loopback addresses are tried in turn:
    /// 127.0.0.1, and ::1 where nobody listens there.
    private static func open(
        _ target: ProbeTarget, by bootstrap: @escaping @Sendable () -> ClientBootstrap
    ) throws -> EventLoopFuture<any Channel> {
        if let address = try target.address() { return bootstrap().connect(to: address) }
        if let host = target.host { return bootstrap().connect(host: host, port: target.port) }
        let first = try SocketAddress(ipAddress: "127.0.0.1", port: target.port)
        let second = try SocketAddress(ipAddress: "::1", port: target.port)
        return bootstrap().connect(to: first).flatMapError { error in
            bootstrap().connect(to: second).flatMapErrorThrowing { _ in throw error }
        }
    }
}
