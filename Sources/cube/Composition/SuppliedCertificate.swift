import CubeCertificates
import Logging
import ServiceLifecycle

/// A certificate in files of the user, which is read again when the files change. While they cannot be read, the former
/// certificate stays in use.
struct SuppliedCertificate: Sendable {
    let files: CertificateFiles
    let certificate: RotatingCertificate

    /// - Throws: A `Failure` if the files contain no certificate with its key.
    init(_ files: CertificateFiles) throws {
        self.files = files
        do throws(CertificateProblem) { certificate = RotatingCertificate(try files.load()) } catch {
            throw Failure("the certificate cannot be used: \(error)")
        }
    }

    /// Looks at the files regularly.
    func reloader(_ logger: Logger) -> some Service {
        RepeatedWork<String>(every: .seconds(5)) { [self] problem in
            do throws(CertificateProblem) {
                let bundle = try files.load()
                if bundle != certificate.current {
                    certificate.replace(by: bundle)
                    logger.notice("a new certificate is in use", metadata: ["until": "\(bundle.life.until)"])
                }
                return nil
            } catch {
                if "\(error)" != problem {
                    logger.error(
                        "cannot read the certificate; the former one stays in use", metadata: ["error": "\(error)"])
                }
                return "\(error)"
            }
        }
    }
}
