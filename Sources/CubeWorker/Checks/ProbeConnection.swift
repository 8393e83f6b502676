import NIOCore
import NIOPosix

/// The address that a check connects to.
package struct ProbeTarget: CustomStringConvertible, Sendable {
    /// A name or an address; `nil` stands for the loopback addresses.
    package var host: String?
    package var port: Int

    package init(host: String? = nil, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String {
        guard let host else { return "port \(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Returns the socket address if the host is an IP address; `nil` if it is a name that has to be resolved.
    ///
    /// - Throws: if the port number is out of range.
    func address() throws(ProbeFailure) -> SocketAddress? {
        guard UInt16(exactly: port) != nil else { throw .noPort(port) }
        guard let host else { return nil }
        // A host that is not an IP address is a name.
        return try? SocketAddress(ipAddress: host, port: port)
    }
}

/// The connection of one check.
///
/// It is built on NIO rather than on an HTTP client: a check needs exactly one connection, to an address that may
/// differ from its `Host` header, without a pool, redirects or retries.
enum ProbeConnection {
    /// Connects and waits for a result. The connection is always closed, even if it opens after the wait has ended.
    ///
    /// - Parameters:
    ///   - limit: the timeout of each attempt to connect.
    ///   - prepare: sets up a new connection with handlers that finish the result.
    ///   - connected: called when the connection is open.
    /// - Throws: the error that ended the attempt, or `CancellationError`.
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

    /// Opens the connection. Only a name goes through the resolver, which may be slow. Without a host, 127.0.0.1 is
    /// tried first, then ::1.
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
