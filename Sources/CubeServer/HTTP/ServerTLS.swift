package import CubeCertificates
import CubeErrors
package import CubeTypes
import HummingbirdTLS
import NIOCore
import NIOSSL
import Synchronization

/// TLS of a listener: the certificates that it presents, and those that it requests from clients.
package struct ServerTLS: Sendable {
    /// The certificate that the cluster's authority issued for this part of the cluster; `nil` if it has none.
    package var own: RotatingCertificate?
    /// The certificate that a user supplies. Clients that connect by a host name or address see it instead of ``own``.
    package var supplied: RotatingCertificate?
    /// What certificates of clients permit; `nil` if the listener requests none.
    package var clients: ClientCertificates?

    package init(
        own: RotatingCertificate? = nil, supplied: RotatingCertificate? = nil, clients: ClientCertificates? = nil
    ) {
        self.own = own
        self.supplied = supplied
        self.clients = clients
    }

    /// The DNS names of the own certificate, by which only parts of the cluster connect.
    static func isInternal(_ host: String?) -> Bool { host?.hasSuffix(".cube.internal") ?? false }

    func channel() throws -> TLSChannelConfiguration {
        let presented = PresentedCertificates(self)
        let first = try presented.certificate(for: nil)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.chain, privateKey: first.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // Asked for each connection, so that a new certificate needs no restart.
        configuration.sslContextCallback = { values, promise in
            promise.completeWith(
                Result {
                    let certificate = try presented.certificate(for: values.serverHostname)
                    var override = NIOSSLContextConfigurationOverride()
                    override.certificateChain = certificate.chain
                    override.privateKey = certificate.key
                    return override
                })
        }
        guard clients != nil else { return TLSChannelConfiguration(tlsConfiguration: configuration) }
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates([])
        // The handshake only proves that the client has the key of its certificate. The gate checks the certificate with each
        // request; see `PeerCheck`.
        return TLSChannelConfiguration(tlsConfiguration: configuration) { _, promise in
            promise.succeed(.certificateVerified)
        }
    }
}

/// What certificates of clients permit on a listener.
package struct ClientCertificates: Sendable {
    /// Returns whom a certificate (DER) identifies.
    let check: @Sendable (_ certificate: [UInt8]) throws -> CertificateName
    /// Whether every call that requires a role requires a certificate, whoever has a token.
    let isRequired: Bool

    /// At a manager: a worker is whom its certificate names, and users present tokens.
    package static func ofWorkers(_ desk: CertificateDesk) throws -> ClientCertificates {
        let check = try desk.check
        return ClientCertificates(isRequired: false) { try check.name(in: $0, at: desk.now()) }
    }

    /// At a worker: only the manager of its cluster may call it.
    package static func ofManager(_ check: PeerCheck, now: @escaping @Sendable () -> Timestamp) -> ClientCertificates {
        ClientCertificates(isRequired: true) { certificate in
            let name = try check.name(in: certificate, at: now())
            guard case .manager = name else {
                throw APIError(.forbidden, "only the manager may call a worker, not \(name)")
            }
            return name
        }
    }

    private init(isRequired: Bool, check: @escaping @Sendable ([UInt8]) throws -> CertificateName) {
        self.isRequired = isRequired
        self.check = check
    }
}

/// The certificates that a listener presents, in the form that the TLS library needs. They are parsed once.
private final class PresentedCertificates: Sendable {
    struct Parsed {
        let bundle: CertificateBundle
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
    }

    private let tls: ServerTLS
    private let parsed = Mutex<[Parsed]>([])

    init(_ tls: ServerTLS) { self.tls = tls }

    func certificate(for host: String?) throws -> Parsed {
        let (first, second) = ServerTLS.isInternal(host) ? (tls.own, tls.supplied) : (tls.supplied, tls.own)
        guard let bundle = first?.current ?? second?.current else {
            throw APIError(.unavailable, "there is no certificate yet")
        }
        return try parsed.withLock { parsed in
            if let known = parsed.first(where: { $0.bundle == bundle }) { return known }
            let new = Parsed(
                bundle: bundle, chain: try NIOSSLCertificate.fromPEMBytes(bundle.chain).map { .certificate($0) },
                key: .privateKey(try NIOSSLPrivateKey(bytes: bundle.key, format: .pem)))
            parsed = [new] + parsed.prefix(1)
            return new
        }
    }
}
