import Crypto
package import CubeErrors
import CubeSystem
import CubeTypes
import SwiftASN1
package import SystemPackage
import X509

/// A private key on the curve P-256, which never leaves its machine.
package struct CertificateKey: Sendable {
    let key: Certificate.PrivateKey
    /// The key as PEM (PKCS #8). Never log it.
    package let pem: [UInt8]

    /// Creates a random key.
    package init() {
        let created = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(created)
        pem = Array(created.pemRepresentation.utf8) + [UInt8(ascii: "\n")]
    }

    private init(pem: [UInt8]) throws {
        key = try Certificate.PrivateKey(pemEncoded: String(decoding: pem, as: UTF8.self))
        self.pem = pem
    }

    /// The SHA-256 of the public key, in hexadecimal digits.
    package var digest: String { key.publicKey.digest }

    /// A certificate request (PKCS #10), as PEM. It proves that the sender has the key; the issuer chooses the names.
    package func request() throws -> String {
        try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: key, attributes: .init()
        ).serializeAsPEM().pemString
    }

    /// Reads the key in a file, or creates the file (mode 0600) durably.
    ///
    /// - Throws: `forbidden` if other users can access the file; `validation_failed` if it contains no key.
    package static func loadOrCreate(_ path: FilePath) throws(APIError) -> CertificateKey {
        if let key = try load(path) { return key }
        let key = CertificateKey()
        do throws(FileError) { try AtomicFile.create(path, with: key.pem) } catch {
            guard error.errno == .fileExists, let key = try load(path) else {
                throw APIError(.internal, "cannot create \(error)")
            }
            return key
        }
        return key
    }

    /// Reads the key in a file.
    ///
    /// - Returns: `nil` if the file does not exist.
    package static func load(_ path: FilePath) throws(APIError) -> CertificateKey? {
        guard let bytes = try PrivateFile.read(path) else { return nil }
        do { return try CertificateKey(pem: bytes) } catch {
            throw APIError(.validationFailed, "\(path) does not contain a private key in PEM")
        }
    }
}

/// A file with a secret, which must be readable only by its owner.
package enum PrivateFile {
    /// - Returns: The bytes, at most 64 KiB; `nil` if the file does not exist.
    /// - Throws: `forbidden` if other users can access the file.
    package static func read(_ path: FilePath) throws(APIError) -> [UInt8]? {
        do {
            guard let file = try RegularFile.open(path) else { return nil }
            let permissions = try FileDescriptor(rawValue: file.descriptor).stat().permissions
            guard permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
                throw APIError(.forbidden, "\(path) is accessible to other users; run `chmod 600 \(path)`")
            }
            return try file.bytes(limit: 64 << 10)
        } catch let error as APIError {
            throw error
        } catch let error as FileError {
            throw APIError(.internal, "cannot read \(path): \(error.cause)")
        } catch {
            throw APIError(.internal, "cannot read \(path): \(error)")
        }
    }
}

extension Certificate.PublicKey {
    /// The SHA-256 of the key, in hexadecimal digits.
    var digest: String { SHA256.hash(data: subjectPublicKeyInfoBytes).hexadecimal }
}

extension SHA256.Digest {
    var hexadecimal: String { Hexadecimal.text(Array(self)) }
}
