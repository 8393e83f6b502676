import CubeCertificates
import CubeCore
import CubeErrors
import CubeManager
import CubeTypes
import NIOCore

/// The client of a call that needs authorisation, and how it proved who it is.
struct Caller: Sendable {
    /// The role of the presented token; `nil` on a Unix socket, where every call is allowed.
    let role: TokenSet.Role?
    /// The client, as the history names it.
    let author: Author
    /// The digest of the presented token, if the manager issued it. Such a token can be revoked, or expire, while a call is served.
    let issued: Digest?

    private init(role: TokenSet.Role?, author: Author, issued: Digest? = nil) {
        self.role = role
        self.author = author
        self.issued = issued
    }

    /// The client of a Unix socket, or of a server in its own process.
    static func local(_ channel: (any Channel)?) -> Caller {
        Caller(role: nil, author: Author(name: channel == nil ? "process" : "socket"))
    }

    /// The client that presented a certificate: a worker, or the manager that calls its worker.
    init(identifiedAs peer: CertificateName, _ channel: (any Channel)?) {
        let name = peer.node.map { "node:\($0)" } ?? "manager"
        self.init(role: .worker, author: Author(name: name, origin: channel?.remoteAddress?.ipAddress))
    }

    /// The client that presented a token.
    ///
    /// - Parameter issued: The tokens that the manager issued; `nil` for a server without such tokens.
    /// - Throws: `unauthorized` if the token is unknown or expired; `forbidden` if its role is unknown.
    init(
        presenting text: String, _ channel: (any Channel)?, _ tokens: TokenSet, _ issued: IssuedTokens?
    ) throws(APIError) {
        let origin = channel?.remoteAddress?.ipAddress
        // A client may present its token as it is, with the authority that the token names.
        let secret = AccessToken(text)?.secret ?? text
        if let role = tokens.role(presenting: secret) {
            self.init(role: role, author: Author(name: "local:\(role.rawValue)", origin: origin))
            return
        }
        let digest = Digest.sha256(of: secret)
        let record = try Self.valid(issued?.find(digest, isUse: true) ?? .unknown)
        guard let role = TokenSet.Role(rawValue: record.role.rawValue) else {
            throw APIError(
                .forbidden, "token \(record.name) has the role \(record.role), which this version of Cube does not know"
            )
        }
        self.init(
            role: role, author: Author(name: "token:\(record.name)", origin: origin, token: record.name), issued: digest
        )
    }

    /// Checks that the token of the caller has not been revoked, and has not expired.
    ///
    /// - Throws: `unauthorized`.
    func check(_ tokens: IssuedTokens?) throws(APIError) {
        if let issued { _ = try Self.valid(tokens?.find(issued, isUse: false) ?? .unknown) }
    }

    private static func valid(_ finding: IssuedTokens.Finding) throws(APIError) -> TokenRecord {
        switch finding {
        case .valid(let record): return record
        case .expired(let record):
            throw .badToken("expired", "token \(record.name) expired at \(record.lifetime.wall)")
        case .unknown:
            throw .badToken(
                "wrong",
                "the token is not one of this server's tokens, which it issued or which are in its data directory; it may have been "
                    + "revoked")
        }
    }
}

extension APIError {
    /// The key of the detail that says what is wrong with a token. The token itself is never included.
    static let token = "token"

    /// - Parameter problem: `missing`, `wrong` or `expired`.
    static func badToken(_ problem: String, _ message: String) -> APIError {
        APIError(.unauthorized, message, details: [token: problem])
    }
}
