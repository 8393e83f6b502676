/// The body of `POST /tokens`: a token to issue.
///
/// The secret stays with the caller, and the manager receives only its digest. A repeated request with the same digest therefore
/// returns the token that was issued before.
///
/// - Since: 0.1
public struct TokenRequest: Hashable, Sendable {
    /// The name of the token. The name of a token that can be used is taken.
    public var name: TokenName
    /// The permissions of the token.
    public var role: TokenRole
    /// The SHA-256 digest of the secret in UTF-8. The secret must have 256 random bits, because the digest is not salted.
    public var digest: Digest
    /// The time for which the token can be used, from ``shortestLifetime`` to ``longestLifetime``. On the wire, it is a text such as
    /// `2160h`.
    public var lifetime: Duration

    /// The shortest lifetime of a token.
    public static let shortestLifetime: Duration = .seconds(1)
    /// The longest lifetime of a token: 10 years.
    public static let longestLifetime: Duration = .seconds(3650 * 24 * 3600)

    public init(name: TokenName, role: TokenRole, digest: Digest, lifetime: Duration) {
        self.name = name
        self.role = role
        self.digest = digest
        self.lifetime = lifetime
    }
}

extension TokenRequest: Codable {
    enum CodingKeys: String, CodingKey { case name, role, digest, lifetime }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(TokenName.self, forKey: .name),
            role: try container.decode(TokenRole.self, forKey: .role),
            digest: try container.decode(Digest.self, forKey: .digest),
            lifetime: try container.decode(DurationText.self, forKey: .lifetime).duration)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(role, forKey: .role)
        try container.encode(digest, forKey: .digest)
        try container.encode(DurationText(lifetime), forKey: .lifetime)
    }
}
