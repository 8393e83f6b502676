import CubeTransport
public import CubeTypes

// MARK: - Certificates

extension ManagerClient {
    /// Returns the certificate authority of the cluster. Requires no token.
    ///
    /// - Throws: `conflict` if the manager has no authority, because it speaks no TLS.
    public func authority() async throws -> ManagerAuthority {
        try await transport.send(TransportRequest(.get, Self.path("ca")))
    }

    /// Requests a certificate for a worker. Repeating the call with the same key is safe: it only issues another certificate.
    ///
    /// - Throws: `foreign_cluster`; `conflict` if another machine has a valid certificate for the node.
    public func certificate(_ order: CertificateOrder) async throws -> IssuedCertificate {
        try await transport.send(TransportRequest(.post, Self.path("certificates"), body: order, isIdempotent: true))
    }
}
