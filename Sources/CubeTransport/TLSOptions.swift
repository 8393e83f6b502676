package import CubeTypes

/// How a client verifies a server at an `https` address.
///
/// By default, the server needs a certificate for its host name from one of the authorities that this machine trusts. If a token
/// names the authority of the server (see `AccessToken`), the client finds that authority, and then trusts no other one.
///
/// - Since: 0.1
public struct TLSOptions: Sendable {
    /// The path of a PEM file with the authorities to trust instead of those of this machine; `nil` for those of this machine, or the
    /// one in the token. The file is read again when it changes. Default: `nil`.
    public var authorityFile: String?
    /// What to trust, if not the above.
    package var trust: Trust?
    /// Returns the certificate by which the client identifies itself; `nil` if it has none. Called before each request.
    package var identity: (@Sendable () -> Identity?)?

    public init(authorityFile: String? = nil) { self.authorityFile = authorityFile }

    /// What to trust, other than authorities of host names.
    package enum Trust: Hashable, Sendable {
        /// The authority with a fingerprint, which the server itself tells. The server needs a certificate for `name`.
        case fingerprint(CertificateFingerprint, name: String)
        /// The authorities of a PEM text. The server needs a certificate for `name`, whatever its host is.
        case authority(pem: [UInt8], name: String)

        package var name: String {
            switch self {
            case .fingerprint(_, let name), .authority(_, let name): name
            }
        }
    }

    /// A certificate with its chain and the private key, as PEM.
    package struct Identity: Hashable, Sendable {
        package let chain: [UInt8]
        /// The private key. Never log it.
        package let key: [UInt8]

        package init(chain: [UInt8], key: [UInt8]) {
            self.chain = chain
            self.key = key
        }
    }
}

extension ClientOptions {
    /// The DNS name in the certificate of every manager with an authority of its own.
    package static let managerName = "manager.cube.internal"

    /// Returns options that trust the authority that a token names, unless other authorities are given.
    package func trusting(_ token: String?) -> ClientOptions {
        guard tls.authorityFile == nil, tls.trust == nil,
            let fingerprint = token.flatMap({ AccessToken($0) })?.fingerprint
        else { return self }
        var options = self
        options.tls.trust = .fingerprint(fingerprint, name: Self.managerName)
        return options
    }
}
