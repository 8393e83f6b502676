package import CubeErrors
package import CubeTypes

/// Where and for whom a server listens.
package struct ServerOptions: Sendable {
    package var listen: Endpoint.Address
    /// Names, besides that of `listen`, by which clients call this server.
    package var hosts: Set<String>
    /// What a TCP listener asks for.
    package var tokens: TokenSet
    package var limits: ServerLimits
    /// Told of every call.
    package var interceptor: (any CallInterceptor)?
    /// Told the real address, port 0 replaced, once connections are accepted.
    package var onReady: @Sendable (Endpoint) async -> Void

    /// - Parameter insecure: allows an address that other machines reach.
    /// - Throws: `validation_failed` for such an address otherwise.
    package init(
        listen: Endpoint.Address, insecure: Bool = false, hosts: Set<String> = [], tokens: TokenSet,
        limits: ServerLimits = ServerLimits(), onReady: @Sendable @escaping (Endpoint) async -> Void = { _ in }
    ) throws(APIError) {
        guard insecure || listen.isOfThisMachineAlone else {
            throw .invalid([
                ValidationError(
                    field: "listen", value: listen.description,
                    message: "is reached from other machines, and tokens would travel in clear text; "
                        + "listen on 127.0.0.1 or unix:PATH, or pass --insecure")
            ])
        }
        self.listen = listen
        self.hosts = hosts
        self.tokens = tokens
        self.limits = limits
        self.onReady = onReady
    }
}

extension Endpoint.Address {
    package var isOfThisMachineAlone: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): Self.isLoopback(host)
        }
    }

    static func isLoopback(_ host: String) -> Bool {
        host.lowercased() == "localhost" || host == "::1" || isIPv4(host) && host.hasPrefix("127.")
    }

    /// Whether it is an address, which no name service can point elsewhere.
    static func isNumeric(_ host: String) -> Bool { host.contains(":") || isIPv4(host) }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil && $0.utf8.count <= 3 }
    }
}
