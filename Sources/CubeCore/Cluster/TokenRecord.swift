package import CubeTypes

/// The manager's record of a token that it issued.
///
/// The record contains only the digest of the secret. SHA-256 without a salt or a slow key derivation is sufficient, because the
/// secret has 256 random bits: it can neither be guessed nor looked up in a table.
package struct TokenRecord: Hashable, Codable, Sendable {
    package let name: TokenName
    package let role: TokenRole
    package let digest: Digest
    /// The lifetime of the token. It is measured like every stored span: a wall clock that is set back cannot make it longer.
    package let lifetime: DurableDeadline
    package let createdBy: String
    package let createdFrom: String?
    /// The last recorded use. It is recorded at most once an hour, so that calls need no write.
    package var lastUsedAt: Timestamp?

    package init(
        name: TokenName, role: TokenRole, digest: Digest, lifetime: DurableDeadline, createdBy: String,
        createdFrom: String?
    ) {
        self.name = name
        self.role = role
        self.digest = digest
        self.lifetime = lifetime
        self.createdBy = createdBy
        self.createdFrom = createdFrom
    }

    package func isExpired(at moment: DurableInstant) -> Bool { lifetime.hasPassed(at: moment) }

    /// - Parameter lastUsedAt: The last use that the manager has seen, which need not be recorded yet.
    package func info(at moment: DurableInstant, lastUsedAt: Timestamp? = nil) -> TokenInfo {
        TokenInfo(
            name: name, role: role, state: isExpired(at: moment) ? .expired : .active, createdAt: lifetime.began.wall,
            createdBy: createdBy, createdFrom: createdFrom, expiresAt: lifetime.wall,
            lastUsedAt: [lastUsedAt, self.lastUsedAt].compactMap(\.self).max())
    }

    /// The maximum number of tokens of a cluster.
    package static let limit = 1000
    /// The minimum time between two records of the use of a token.
    static let useInterval: Duration = .seconds(3600)
}
