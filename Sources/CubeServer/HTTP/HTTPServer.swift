import CubeErrors
import CubeTypes
import CubeVersion
import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// An HTTP server that serves a table of routes until shutdown.
struct HTTPServer: Service {
    let table: RouteTable
    let options: ServerOptions
    let logger: Logger
    /// The supported API versions.
    var version = VersionInfo()

    /// - Throws: `locked` if another program uses the address.
    func run() async throws {
        let socket: UnixSocket? =
            if case .unix(let path) = options.listen { UnixSocket(path: path) } else { nil }
        try socket?.clear()
        do {
            try await server().run()
            guard Task.isShuttingDownGracefully || Task.isCancelled else {
                throw APIError(.internal, "the server on \(options.listen) ended by itself; its log may say why")
            }
        } catch let error as IOError {
            let text = String(cString: strerror(error.errnoCode))
            throw APIError(
                error.errnoCode == EADDRINUSE ? .locked : .internal, "cannot listen on \(options.listen): \(text)")
        }
    }

    private func server() throws -> any Service {
        let limits = options.limits
        let pool = ConnectionPool(limits: limits)
        let throttle = Throttle(clock: options.clock)
        let http = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    HandshakeReporter(throttle: throttle, logger: logger), ConnectionGuard(limits: limits, pool: pool),
                ],
                idleTimeout: TimeAmount(limits.idleTime),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerFields)))
        // The caller logs the address, because only the caller knows the advertised one.
        var framework = logger
        framework.logLevel = max(framework.logLevel, .notice)
        let gate = Gate(table: table, options: options, version: version, pool: pool, logger: logger)
        let date = DateField(options.wallClock)
        // Hummingbird's `Application` would do the same, but with a timer that wakes an idle process each second for the date.
        return try (try options.tls.map { try .tls(http, configuration: try $0.channel()) } ?? http).buildServer(
            configuration: ServerConfiguration(
                address: bindAddress,
                // The pool enforces the limits. This higher bound also limits the connections that are still being
                // closed.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.allConnections + Self.closingConnections, logger: framework)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: framework,
            responder: { request, writer, channel in
                var response = try await gate.respond(to: request, on: channel)
                response.headers.append(HTTPField(name: .date, value: date.value))
                do {
                    try await writer.write(response: response.head, body: response.body)
                } catch is HTTPParserError {
                    throw UnreadableBody()
                }
            },
            onServerRunning: { channel in await announce(channel) })
    }

    /// The rest of a request was not valid HTTP after its response had begun. The connection is closed, whereas the server answers
    /// the error of the parser with another response.
    private struct UnreadableBody: Error {}

    private static let closingConnections = 64

    private var bindAddress: BindAddress {
        switch options.listen {
        case .tcp(let host, let port): .hostname(host, port: port)
        case .unix(let path): .unixDomainSocket(path: path)
        }
    }

    private func announce(_ channel: any Channel) async {
        switch options.listen {
        case .tcp(let host, let port):
            await options.onReady(
                Endpoint(
                    .tcp(host: host, port: channel.localAddress?.port ?? port), isSecure: options.tls != nil))
        case .unix(let path):
            do {
                try UnixSocket(path: path).restrict()
                await options.onReady(Endpoint(options.listen))
            } catch {
                logger.error("cannot listen on the Unix socket", metadata: ["error": "\(error)"])
                channel.close(promise: nil)
            }
        }
    }
}
