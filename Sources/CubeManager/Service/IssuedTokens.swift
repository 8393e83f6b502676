package import CubeCore
package import CubeTypes
import HashTreeCollections
import Synchronization

/// The tokens that a manager issued, by the digests of their secrets, for a server that checks each request.
///
/// It is a copy of the committed records that any thread can read, so that a request with a wrong token never waits for the manager.
/// A lookup by digest leaks nothing about a secret through its timing, because a caller cannot choose the digest of a guess.
package final class IssuedTokens: Sendable {
    package enum Finding: Sendable {
        /// No token has the digest: it was never issued, or it was revoked.
        case unknown
        case expired(TokenRecord)
        case valid(TokenRecord)
    }

    private struct Contents {
        var records: [Digest: TokenRecord] = [:]
        var uses: [TokenName: Timestamp] = [:]
    }

    private let contents: Mutex<Contents>
    private let moment: @Sendable () -> DurableInstant

    init(_ records: TreeDictionary<TokenName, TokenRecord>, moment: @escaping @Sendable () -> DurableInstant) {
        contents = Mutex(Contents(records: Self.byDigest(records)))
        self.moment = moment
    }

    /// Returns the token with a digest.
    ///
    /// - Parameter isUse: Whether the secret was presented, which counts as a use of the token.
    package func find(_ digest: Digest, isUse: Bool) -> Finding {
        let now = moment()
        return contents.withLock { contents in
            guard let record = contents.records[digest] else { return .unknown }
            guard !record.isExpired(at: now) else { return .expired(record) }
            if isUse { contents.uses[record.name] = now.wall }
            return .valid(record)
        }
    }

    /// Replaces the tokens by the committed ones.
    func replace(by records: TreeDictionary<TokenName, TokenRecord>) {
        contents.withLock { contents in
            contents.records = Self.byDigest(records)
            contents.uses = contents.uses.filter { records[$0.key] != nil }
        }
    }

    /// The time of the last use of each token that was used since the manager started.
    var uses: [TokenName: Timestamp] { contents.withLock(\.uses) }

    private static func byDigest(_ records: TreeDictionary<TokenName, TokenRecord>) -> [Digest: TokenRecord] {
        Dictionary(records.values.map { ($0.digest, $0) }) { $1 }
    }
}
