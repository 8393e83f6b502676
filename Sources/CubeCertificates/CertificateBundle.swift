import CubeTypes
import FoundationEssentials
import SwiftASN1
import Synchronization
import X509

/// A certificate with its chain, and the private key. Both are PEM texts.
package struct CertificateBundle: Hashable, Sendable {
    /// The certificate, followed by those that lead to an authority.
    package let chain: [UInt8]
    /// The private key. Never log it.
    package let key: [UInt8]
    package let life: CertificateLife

    /// - Throws: An error in words if the texts are not certificates and a key, or if the key is not that of the certificate.
    package init(chain: [UInt8], key: [UInt8]) throws(CertificateProblem) {
        self.chain = chain
        self.key = key
        let leaf = try Certificate.all(inPEM: chain)[0]
        life = CertificateLife(leaf)
        let parsed: Certificate.PrivateKey
        do { parsed = try Certificate.PrivateKey(pemEncoded: String(decoding: key, as: UTF8.self)) } catch {
            throw CertificateProblem("the private key is not a PEM key (PKCS #8, SEC 1 or PKCS #1)")
        }
        guard parsed.publicKey == leaf.publicKey else {
            throw CertificateProblem("the private key is not the key of the first certificate")
        }
    }
}

extension CertificateBundle: CustomStringConvertible {
    /// Without the key, so that it cannot get into a log by accident.
    package var description: String { "certificate valid until \(life.until)" }
}

/// Why a certificate, a key or a request cannot be used.
package struct CertificateProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// A certificate that is replaced while it is in use.
package final class RotatingCertificate: Sendable {
    private let bundle: Mutex<CertificateBundle?>

    package init(_ bundle: CertificateBundle? = nil) { self.bundle = Mutex(bundle) }

    /// The certificate to use for new connections; `nil` until there is one.
    package var current: CertificateBundle? { bundle.withLock(\.self) }

    package func replace(by bundle: CertificateBundle) { self.bundle.withLock { $0 = bundle } }
}

extension Certificate {
    /// Parses the certificates of a PEM text; other objects in it are ignored.
    ///
    /// - Returns: At least one certificate, in order.
    static func all(inPEM text: [UInt8]) throws(CertificateProblem) -> [Certificate] {
        do {
            let found = try PEMDocument.parseMultiple(pemString: String(decoding: text, as: UTF8.self))
                .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
                .map { try Certificate(pemDocument: $0) }
            guard !found.isEmpty else { throw CertificateProblem("the text contains no certificate") }
            return found
        } catch let error as CertificateProblem {
            throw error
        } catch {
            throw CertificateProblem("the text is not a list of PEM certificates")
        }
    }

    /// The certificate in DER.
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }
}

extension CertificateLife {
    init(_ certificate: Certificate) {
        self.init(from: Timestamp(certificate.notValidBefore), until: Timestamp(certificate.notValidAfter))
    }
}

extension Timestamp {
    init(_ date: Date) { self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())) }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
