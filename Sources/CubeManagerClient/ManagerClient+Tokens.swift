import CubeErrors
import CubeTransport
public import CubeTypes

// MARK: - Tokens

extension ManagerClient {
    /// Returns the tokens that the manager issued, sorted by name, without their secrets.
    public func tokens() async throws -> TokenList {
        try await transport.send(TransportRequest(.get, Self.path("tokens")))
    }

    /// Issues a token. The caller creates the secret, and the request contains only its digest. Repeating the call changes nothing.
    ///
    /// - Throws: `conflict` if the name or the digest is taken; `forbidden` if the token of this client may not issue such a token.
    @discardableResult
    public func issueToken(_ request: TokenRequest) async throws -> TokenInfo {
        try await transport.send(TransportRequest(.post, Self.path("tokens"), body: request, isIdempotent: true))
    }

    /// Revokes a token. Calls with it are refused from then on, and calls that wait end within seconds.
    ///
    /// - Throws: `token_not_found`.
    public func revokeToken(_ name: TokenName) async throws {
        try await transport.send(
            TransportRequest(.delete, Self.path("tokens", name.rawValue), removes: .tokenNotFound))
    }
}
