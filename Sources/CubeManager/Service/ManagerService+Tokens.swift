package import CubeCore
import CubeErrors
package import CubeTypes
import HashTreeCollections

/// The author of the changes that the current Swift task makes. A server sets it for each request, so that it accompanies the call
/// through the manager without being a parameter of every method, like the context of a trace.
package enum CurrentAuthor {
    @TaskLocal package static var value: Author?
}

// MARK: - Tokens

extension ManagerService {
    package func tokenList() async throws -> TokenList {
        let (now, uses) = (moment(), tokens.uses)
        let records = state.records.tokens.values.sorted { $0.name < $1.name }
        return TokenList(
            revision: state.revision, tokens: records.map { $0.info(at: now, lastUsedAt: uses[$0.name]) })
    }

    package func issueToken(_ request: TokenRequest) async throws -> (token: TokenInfo, created: Bool) {
        try await write { (transaction) throws(APIError) in try transaction.issue(request) }
    }

    /// Revokes a token. Calls with the token are refused from then on; calls that are waiting end soon.
    package func revokeToken(_ name: TokenName) async throws {
        try await write { (transaction) throws(APIError) in try transaction.revoke(name) }
    }

    /// Records the last uses of tokens, so that they survive a restart.
    func recordTokenUses() async throws {
        let uses = tokens.uses
        guard state.isDue(uses) else { return }
        try await write { (transaction) throws(APIError) in transaction.recordUses(uses) }
    }
}
