package import CubeTypes
import X509

/// The certificate of a worker, and the authority that issued it.
package struct WorkerIdentity: Hashable, Sendable {
    package let bundle: CertificateBundle
    /// The certificate of the authority, as PEM.
    package let authority: [UInt8]
    package let fingerprint: CertificateFingerprint
    /// Whom the certificate identifies.
    package let name: CertificateName

    init(bundle: CertificateBundle, authority: [UInt8]) throws(CertificateProblem) {
        self.bundle = bundle
        self.authority = authority
        let issuer = try Certificate.all(inPEM: authority)[0]
        let leaf = try Certificate.all(inPEM: bundle.chain)[0]
        guard issuer.publicKey.isValidSignature(leaf.signature, for: leaf) else {
            throw CertificateProblem("the certificate was not issued by the authority")
        }
        guard let name = leaf.cubeName else { throw CertificateProblem("the certificate names no part of a cluster") }
        self.name = name
        do { fingerprint = try issuer.fingerprint } catch {
            throw CertificateProblem("the certificate of the authority cannot be encoded")
        }
    }
}
