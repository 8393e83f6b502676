/// The response to a request for a certificate.
///
/// - Since: 0.1
public struct IssuedCertificate: Codable, Hashable, Sendable {
    /// The certificate of the worker, as PEM.
    public var certificate: String
    /// The certificate of the cluster's authority, as PEM.
    public var authority: String
    /// The cluster that the worker now belongs to.
    public var cluster: ClusterID

    public init(certificate: String, authority: String, cluster: ClusterID) {
        self.certificate = certificate
        self.authority = authority
        self.cluster = cluster
    }
}
