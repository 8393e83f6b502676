/// The certificate authority of a manager: the response to `GET /ca`.
///
/// - Since: 0.1
public struct ManagerAuthority: Codable, Hashable, Sendable {
    /// The certificate of the authority, as PEM. Only its fingerprint in a token from a trusted source makes it trustworthy.
    public var certificate: String

    public init(certificate: String) { self.certificate = certificate }
}
