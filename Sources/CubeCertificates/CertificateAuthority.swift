import Crypto
package import CubeErrors
import CubeSystem
package import CubeTypes
import SwiftASN1
package import SystemPackage
import X509

/// The certificate authority of a cluster: issues the certificates of its manager and its workers, and checks them.
///
/// Its key is in a directory of the manager (mode 0600) and never leaves it. The authority signs certificates directly, without
/// intermediate authorities.
package struct CertificateAuthority: Sendable {
    private let certificate: Certificate
    private let key: CertificateKey
    package let cluster: ClusterID
    /// The certificate of the authority, as PEM.
    package let pem: String
    package let fingerprint: CertificateFingerprint

    /// How long the authority is valid: ten years.
    package static let lifetime = Duration.seconds(3650 * 24 * 3600)

    package static func certificateFile(in directory: FilePath) -> FilePath { directory.appending("ca.pem") }

    /// The fingerprint of the first certificate in a PEM text.
    ///
    /// - Throws: A `CertificateProblem` if the text contains no certificate.
    package static func fingerprint(ofPEM text: [UInt8]) throws -> CertificateFingerprint {
        try Certificate.all(inPEM: text)[0].fingerprint
    }

    private init(_ certificate: Certificate, _ key: CertificateKey, _ cluster: ClusterID) throws {
        self.certificate = certificate
        self.key = key
        self.cluster = cluster
        pem = try certificate.serializeAsPEM().pemString + "\n"
        fingerprint = try certificate.fingerprint
    }

    /// Reads the authority in a directory, and creates the directory and the authority at the first start.
    ///
    /// - Throws: `forbidden` if other users can access the key; `conflict` if the authority belongs to another cluster or if one of
    ///   its files is missing or damaged.
    package static func loadOrCreate(
        in directory: FilePath, cluster: ClusterID, at now: Timestamp
    ) throws(APIError) -> CertificateAuthority {
        let (keyFile, file) = (directory.appending("ca.key"), certificateFile(in: directory))
        do throws(FileError) { try Directory.create(directory) } catch {
            throw APIError(.internal, "cannot create \(error)")
        }
        if file.exists, !keyFile.exists {
            throw APIError(.conflict, "\(keyFile) is missing, but \(file) exists; put the key back, or remove both")
        }
        let key = try CertificateKey.loadOrCreate(keyFile)
        do {
            if let bytes = try RegularFile.read(file, limit: 64 << 10) {
                return try authority(of: Certificate.all(inPEM: bytes)[0], key, cluster, file)
            }
            let created = try CertificateAuthority(make(key, cluster, at: now), key, cluster)
            try AtomicFile.replace(file, with: Array(created.pem.utf8), durably: true)
            return created
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.conflict, "the certificate authority in \(directory) cannot be used: \(error)")
        }
    }

    private static func authority(
        of certificate: Certificate, _ key: CertificateKey, _ cluster: ClusterID, _ file: FilePath
    ) throws -> CertificateAuthority {
        guard certificate.publicKey == key.key.publicKey else {
            throw CertificateProblem("ca.key is not the key of ca.pem")
        }
        guard certificate.subject == (try name(of: cluster)) else {
            throw APIError(
                .conflict,
                "\(file) is the authority of another cluster than \(cluster): \(certificate.subject); move the directory "
                    + "aside to create an authority, with which every worker has to join anew")
        }
        return try CertificateAuthority(certificate, key, cluster)
    }

    private static func name(of cluster: ClusterID) throws -> DistinguishedName {
        try DistinguishedName { CommonName("Cube cluster \(cluster)") }
    }

    private static func make(_ key: CertificateKey, _ cluster: ClusterID, at now: Timestamp) throws -> Certificate {
        let life = CertificateLife(issuedAt: now, lasting: lifetime)
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.key.publicKey,
            notValidBefore: life.from.date, notValidAfter: life.until.date, issuer: try name(of: cluster),
            subject: try name(of: cluster), signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            }, issuerPrivateKey: key.key)
    }
}

// MARK: - Issuing

extension CertificateAuthority {
    /// Issues a certificate for a key of this process.
    ///
    /// - Parameters:
    ///   - hosts: Further host names and IP addresses by which clients may connect.
    package func issue(
        _ name: CertificateName, for key: CertificateKey, hosts: [String] = [], life: CertificateLife
    ) throws(APIError) -> CertificateBundle {
        do {
            let issued = try certificate(name, for: key.key.publicKey, hosts: hosts, life)
            return try CertificateBundle(chain: Array((issued + pem).utf8), key: key.pem)
        } catch {
            throw APIError(.internal, "cannot issue a certificate: \(error)")
        }
    }

    /// Issues a certificate for the key of a request, whose names are ignored.
    ///
    /// - Returns: The certificate as PEM, and the digest of its key.
    /// - Throws: `validation_failed` if the request is not valid.
    package func issue(
        _ name: CertificateName, request: String, life: CertificateLife
    ) throws(APIError) -> (pem: String, key: String) {
        let parsed: CertificateSigningRequest
        do { parsed = try CertificateSigningRequest(pemEncoded: request) } catch {
            throw Self.invalidRequest("is not a PEM certificate request")
        }
        guard parsed.publicKey.isValidSignature(parsed.signature, for: parsed) else {
            throw Self.invalidRequest("is not signed by its own key")
        }
        guard P256.Signing.PublicKey(parsed.publicKey) != nil else {
            throw Self.invalidRequest("must have a key on the curve P-256")
        }
        do { return (try certificate(name, for: parsed.publicKey, hosts: [], life), parsed.publicKey.digest) } catch {
            throw APIError(.internal, "cannot issue a certificate: \(error)")
        }
    }

    private static func invalidRequest(_ message: String) -> APIError {
        .invalid([ValidationError(field: "request", value: nil, message: message)])
    }

    private func certificate(
        _ name: CertificateName, for publicKey: Certificate.PublicKey, hosts: [String], _ life: CertificateLife
    ) throws -> String {
        let names = [.uniformResourceIdentifier(name.uri), .dnsName(name.host)] + hosts.map(GeneralName.init(host:))
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: life.from.date, notValidAfter: life.until.date, issuer: certificate.subject,
            subject: try DistinguishedName { CommonName(name.node?.rawValue ?? "manager") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(names)
            }, issuerPrivateKey: key.key
        ).serializeAsPEM().pemString + "\n"
    }
}

extension GeneralName {
    /// A host name or an IP address.
    fileprivate init(host: String) {
        self = IPAddress.bytes(of: host).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) } ?? .dnsName(host)
    }
}

extension Certificate {
    var fingerprint: CertificateFingerprint {
        get throws { CertificateFingerprint(rawValue: SHA256.hash(data: try der).hexadecimal)! }
    }
}
