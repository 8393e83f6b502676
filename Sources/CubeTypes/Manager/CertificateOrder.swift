import CubeErrors

/// The body of `POST /certificates`: a worker asks its manager for a certificate.
///
/// - Since: 0.1
public struct CertificateOrder: Codable, Hashable, Sendable {
    /// The name of the node.
    public var node: NodeName
    /// The cluster that the worker belongs to; `nil` until it joins one.
    public var cluster: ClusterID?
    /// A certificate request (PKCS #10) as PEM, with a key on the curve P-256. The manager ignores the names in it.
    public var request: String

    public init(node: NodeName, cluster: ClusterID? = nil, request: String) {
        self.node = node
        self.cluster = cluster
        self.request = request
    }
}

extension CertificateOrder {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        node = try container.decode(NodeName.self, forKey: .node)
        cluster = try container.readIfPresent(ClusterID.self, forKey: .cluster)
        request = try container.decode(String.self, forKey: .request)
    }
}
