import CubeSystem
package import SystemPackage

/// A certificate and its key in files that a user supplies, and that another program renews.
package struct CertificateFiles: Hashable, Sendable {
    /// The certificate, followed by those that lead to its authority, as PEM.
    package var certificate: FilePath
    /// The private key, as PEM.
    package var key: FilePath

    package init(certificate: FilePath, key: FilePath) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads both files.
    ///
    /// - Throws: An error in words that names the file and the rule.
    package func load() throws(CertificateProblem) -> CertificateBundle {
        let (chain, key) = (try read(certificate), try read(key))
        do throws(CertificateProblem) { return try CertificateBundle(chain: chain, key: key) } catch {
            throw CertificateProblem("\(certificate) and \(self.key): \(error)")
        }
    }

    private func read(_ file: FilePath) throws(CertificateProblem) -> [UInt8] {
        do throws(FileError) {
            guard let bytes = try RegularFile.read(file, limit: 1 << 20) else {
                throw FileError(path: file.string, cause: .noSuchFileOrDirectory)
            }
            return bytes
        } catch {
            throw CertificateProblem("\(file) cannot be read: \(error.cause)")
        }
    }
}
