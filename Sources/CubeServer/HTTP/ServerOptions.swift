package import CubeErrors
import CubeManager
import CubeSystem
package import CubeTypes

/// The options of a server.
package struct ServerOptions: Sendable {
    package var listen: Endpoint.Address
    /// Additional host names by which clients call this server.
    package var hosts: Set<String>
    /// The tokens that a TCP listener accepts.
    package var tokens: TokenSet
    /// TLS of a TCP listener; `nil` for clear text.
    package var tls: ServerTLS?
    /// The tokens that a manager issued, which its TCP listener also accepts; `nil` for other servers.
    var issued: IssuedTokens?
    package var limits: ServerLimits
    /// The interval at which a waiting call checks that its token is still valid.
    package var tokenCheckInterval: Duration = .seconds(5)
    /// Generates random numbers for request ids.
    package var random = RandomSource.system
    /// The clock for the time between two log entries about refused tokens.
    package var clock = BootClock.timer
    /// The clock for the date of responses.
    var wallClock: @Sendable () -> Timestamp = { DurableInstant.now().wall }
    /// An interceptor of every call.
    package var interceptor: (any CallInterceptor)?
    /// Called with the actual address, in which port 0 is replaced, as soon as connections are accepted.
    package var onReady: @Sendable (Endpoint) async -> Void

    /// - Parameters:
    ///   - insecure: Whether to allow an address that other machines can reach without TLS.
    ///   - tls: TLS of the listener.
    /// - Throws: `validation_failed` if other machines can reach the address, there is no TLS, and `insecure` is `false`.
    package init(
        listen: Endpoint.Address, insecure: Bool = false, hosts: Set<String> = [], tokens: TokenSet,
        tls: ServerTLS? = nil, limits: ServerLimits = ServerLimits(),
        onReady: @Sendable @escaping (Endpoint) async -> Void = { _ in }
    ) throws(APIError) {
        guard insecure || tls != nil || listen.isOfThisMachineAlone else {
            throw .invalid([
                ValidationError(
                    field: "listen", value: listen.description,
                    message: "is reachable from other machines, and tokens would be sent in clear text; "
                        + "listen on 127.0.0.1 or unix:PATH, supply a certificate, or pass --insecure")
            ])
        }
        self.listen = listen
        self.hosts = hosts
        self.tokens = tokens
        self.tls = tls
        self.limits = limits
        self.onReady = onReady
    }
}
