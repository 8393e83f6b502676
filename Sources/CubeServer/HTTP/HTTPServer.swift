import CubeErrors
import CubeTypes
import CubeVersion
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
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
            try await application().run()
        } catch let error as IOError {
            let text = String(cString: strerror(error.errnoCode))
            throw APIError(
                error.errnoCode == EADDRINUSE ? .locked : .internal, "cannot listen on \(options.listen): \(text)")
        }
    }

    private func application() throws -> Application<Gate> {
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
        return Application(
            responder: Gate(table: table, options: options, version: version, pool: pool, logger: logger),
            server: try options.tls.map { try .tls(http, configuration: try $0.channel()) } ?? http,
            configuration: ApplicationConfiguration(
                address: bindAddress,
                // The pool enforces the limits. This higher bound also limits the connections that are still being
                // closed.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.allConnections + Self.closingConnections, logger: framework)),
            onServerRunning: { channel in await announce(channel) },
            logger: framework)
    }

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
