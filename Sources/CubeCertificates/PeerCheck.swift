package import CubeErrors
package import CubeTypes
import SwiftASN1
import Synchronization
import X509

/// Checks the certificate that the other side of a connection presented. The TLS handshake has proved that it has the key.
///
/// The handshake accepts any certificate, and every request is checked here instead: only then can the other side be told why its
/// certificate is refused, and a certificate that expires or is revoked during a connection is refused as well.
package struct PeerCheck: Sendable {
    private let authority: Certificate
    private let cluster: ClusterID
    /// The machine's name for the clock in messages, such as `the manager`.
    private let owner: String
    private let isKnown: @Sendable (CertificateName, _ key: String) -> Bool
    /// Shared by all copies of this check, which is made with each request.
    private let verified = VerifiedCertificates()

    /// The key of the detail of an error that says why a certificate is refused.
    package static let detail = "certificate"

    /// The values of ``detail``.
    package enum Refusal: String, Sendable {
        case missing, malformed, revoked, expired
        case unknownAuthority = "unknown_authority"
        case notYetValid = "not_yet_valid"
        case otherName = "other_name"
    }

    /// - Parameters:
    ///   - authority: The certificate of the authority, as PEM.
    ///   - owner: Whose clock the check uses, for messages.
    ///   - isKnown: Whether the name may use the key; by default, every key that the authority has certified.
    package init(
        authority: [UInt8], cluster: ClusterID, owner: String,
        isKnown: @escaping @Sendable (CertificateName, _ key: String) -> Bool = { _, _ in true }
    ) throws(CertificateProblem) {
        self.authority = try Certificate.all(inPEM: authority)[0]
        self.cluster = cluster
        self.owner = owner
        self.isKnown = isKnown
    }

    /// Returns whom a certificate identifies.
    ///
    /// - Throws: `unauthorized`, with the reason in the details.
    package func name(in der: [UInt8], at now: Timestamp) throws(APIError) -> CertificateName {
        let statement: Statement
        if let verified = verified.statement(of: der) {
            statement = verified
        } else {
            statement = try verify(der)
            verified.keep(statement, of: der)
        }
        let name = statement.name
        // A revoked certificate stays revoked when it expires, and a renewal does not help.
        guard isKnown(name, statement.key) else {
            throw Self.refusal(.revoked, "the certificate of \(name) was revoked")
        }
        switch statement.life.problem(at: now) {
        case .expired:
            throw Self.refusal(
                .expired,
                "the certificate of \(name) expired at \(statement.life.until); it is \(now) by the clock of \(owner)"
            )
        case .notYetValid:
            throw Self.refusal(
                .notYetValid,
                "the certificate of \(name) is valid from \(statement.life.from); it is \(now) by the clock of \(owner)"
            )
        case nil: break
        }
        return name
    }

    /// Verifies the signature of a certificate, and returns what it says.
    private func verify(_ der: [UInt8]) throws(APIError) -> Statement {
        let certificate: Certificate
        do { certificate = try Certificate(derEncoded: der) } catch {
            throw Self.refusal(.malformed, "the client certificate cannot be read")
        }
        guard certificate.issuer == authority.subject,
            authority.publicKey.isValidSignature(certificate.signature, for: certificate)
        else {
            throw Self.refusal(
                .unknownAuthority,
                "the client certificate was not issued by the authority of cluster \(cluster), but by \(certificate.issuer)"
            )
        }
        guard let name = certificate.cubeName, name.cluster == cluster else {
            throw Self.refusal(.malformed, "the client certificate does not name a part of cluster \(cluster)")
        }
        return Statement(name: name, key: certificate.publicKey.digest, life: CertificateLife(certificate))
    }

    package static func refusal(_ refusal: Refusal, _ message: String) -> APIError {
        APIError(.unauthorized, message, details: [detail: refusal.rawValue])
    }
}

/// What a certificate says. It never changes, whether or not the certificate is valid now.
private struct Statement: Sendable {
    let name: CertificateName
    /// The digest of the public key.
    let key: String
    let life: CertificateLife
}

/// Certificates whose signatures were verified, so that this is not done again with each request of a connection.
private final class VerifiedCertificates: Sendable {
    /// The number of certificates that are kept: more than a fleet has workers. Only the authority can fill it.
    private static let limit = 4096
    private let statements = Mutex<[[UInt8]: Statement]>([:])

    func statement(of certificate: [UInt8]) -> Statement? { statements.withLock { $0[certificate] } }

    func keep(_ statement: Statement, of certificate: [UInt8]) {
        statements.withLock { statements in
            if statements.count >= Self.limit { statements = [:] }
            statements[certificate] = statement
        }
    }
}

extension APIError {
    /// The reason why a server refused a certificate; `nil` for other errors.
    package var certificateRefusal: PeerCheck.Refusal? {
        details?[PeerCheck.detail].flatMap(PeerCheck.Refusal.init(rawValue:))
    }
}

extension Certificate {
    /// Whom the certificate identifies, according to its URI.
    var cubeName: CertificateName? {
        // An extension that cannot be decoded names nobody.
        guard let names = try? extensions.subjectAlternativeNames else { return nil }
        for case .uniformResourceIdentifier(let uri) in names {
            if let name = CertificateName(uri: uri) { return name }
        }
        return nil
    }
}
