package import CubeErrors
package import CubeSystem
package import CubeTypes
import Glibc
package import SystemPackage

/// The files by which a worker identifies itself to its manager: its key, its certificate, and the authority of its cluster.
package struct WorkerIdentityFiles: Sendable {
    private let directory: FilePath
    private var keyFile: FilePath { directory.appending("key.pem") }
    private var certificateFile: FilePath { directory.appending("certificate.pem") }
    private var authorityFile: FilePath { directory.appending("ca.pem") }
    /// A mark that exists after the manager revoked the certificate.
    private var revocation: FilePath { directory.appending("revoked") }

    package init(directory: FilePath) { self.directory = directory }

    /// The key of the worker. It is created durably before it is used, so that a repeated request is one for the same key.
    ///
    /// - Throws: `forbidden` if other users can access the file; `validation_failed` if it contains no key.
    package func key() throws(APIError) -> CertificateKey {
        do throws(FileError) { try Directory.create(directory) } catch {
            throw APIError(.internal, "cannot create \(error)")
        }
        return try CertificateKey.loadOrCreate(keyFile)
    }

    /// Reads the certificate and the authority of the cluster.
    ///
    /// - Returns: `nil` if the worker has no certificate.
    /// - Throws: `forbidden` if other users can access the key; `validation_failed` if a file is damaged.
    package func load() throws(APIError) -> WorkerIdentity? {
        guard let key = try CertificateKey.load(keyFile), let chain = try read(certificateFile),
            let authority = try read(authorityFile)
        else { return nil }
        do throws(CertificateProblem) {
            return try WorkerIdentity(bundle: CertificateBundle(chain: chain, key: key.pem), authority: authority)
        } catch {
            throw APIError(.validationFailed, "\(certificateFile) cannot be used: \(error)")
        }
    }

    /// Stores an issued certificate durably.
    ///
    /// - Throws: `malformed_answer` if it is not a certificate for the key.
    package func save(_ issued: IssuedCertificate, for key: CertificateKey) throws(APIError) -> WorkerIdentity {
        let (chain, authority) = (Array(issued.certificate.utf8), Array(issued.authority.utf8))
        let identity: WorkerIdentity
        do throws(CertificateProblem) {
            identity = try WorkerIdentity(bundle: CertificateBundle(chain: chain, key: key.pem), authority: authority)
        } catch {
            throw APIError(.malformedAnswer, "the issued certificate cannot be used: \(error)")
        }
        do throws(FileError) {
            try AtomicFile.replace(authorityFile, with: authority, durably: true)
            try AtomicFile.replace(certificateFile, with: chain, durably: true)
        } catch {
            throw APIError(error.isFullDisk ? .storageFull : .internal, "cannot store the certificate: \(error)")
        }
        return identity
    }

    /// Whether the worker has a certificate, valid or not.
    package var isPresent: Bool { certificateFile.exists }

    /// Whether the manager has revoked the certificate. The worker then asks for no other one by itself.
    package var isRevoked: Bool { revocation.exists }

    /// Records durably that the manager has revoked the certificate.
    package func markRevoked() throws(FileError) { try AtomicFile.replace(revocation, with: [], durably: true) }

    /// Forgets the cluster, so that the worker can join another one.
    package func remove() throws(FileError) {
        for file in [certificateFile, authorityFile, keyFile, revocation] {
            guard file.withPlatformString({ unlink($0) }) != 0, errno != ENOENT else { continue }
            throw .last(file.string)
        }
    }

    private func read(_ file: FilePath) throws(APIError) -> [UInt8]? {
        do throws(FileError) { return try RegularFile.read(file, limit: 64 << 10) } catch {
            throw APIError(.internal, "cannot read \(error)")
        }
    }
}
