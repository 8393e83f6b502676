import CubeTypes

extension TokenRequest: DescribedObject {
    static let summary = "A token to issue. The secret itself is not sent."
    static let properties: [Property<TokenRequest>] = [
        Property("name", \.name),
        Property("role", \.role),
        Property("digest", \.digest, "SHA-256 digest of the secret, which must have 256 random bits."),
        Property(
            "lifetime", \.lifetime,
            "From \(TokenRequest.shortestLifetime.text) to \(TokenRequest.longestLifetime.text)."),
    ]
}

extension TokenInfo: DescribedObject {
    static let summary = "A token that the manager issued, without its secret."
    static let properties: [Property<TokenInfo>] = [
        Property("name", \.name),
        Property("role", \.role),
        Property("state", \.state),
        Property("created_at", \.createdAt),
        Property("created_by", \.createdBy, "Who issued it, as in the `actor` of an event."),
        Property("created_from", \.createdFrom, "The address from which it was issued, if there is one."),
        Property("expires_at", \.expiresAt),
        Property("last_used_at", \.lastUsedAt, "The time of its last use, if it was used."),
    ]
}

extension TokenList: DescribedObject {
    static let summary = "The tokens that the manager issued, by name."
    static let properties: [Property<TokenList>] = [
        Property("revision", \.revision, "Revision of this response."),
        Property("tokens", \.tokens),
    ]
}
