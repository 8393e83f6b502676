package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Issues a token. Issuing a token with the same name and digest again changes nothing.
    ///
    /// - Throws: `validation_failed`; `forbidden` if the author may not issue such a token; `conflict` if the name or the digest is
    ///   taken; `too_many_requests` if the cluster has the maximum number of tokens; `storage_full`.
    package mutating func issue(_ request: TokenRequest) throws(APIError) -> (token: TokenInfo, created: Bool) {
        let problems = request.problems
        if !problems.isEmpty { throw .invalid(problems) }
        if let known = state.records.tokens[request.name], !known.isExpired(at: moment) {
            guard known.digest == request.digest, known.role == request.role else {
                throw APIError(
                    .conflict, "token \(known.name) exists already; revoke it first, or choose another name")
            }
            return (known.info(at: moment), false)
        }
        if let twin = state.records.tokens.values.first(where: {
            $0.digest == request.digest && $0.name != request.name
        }
        ) {
            throw APIError(
                .conflict, "token \(twin.name) has the same secret; each token must have a secret of its own")
        }
        try requireMayIssue(request)
        guard state.records.tokens.count < TokenRecord.limit || state.records.tokens[request.name] != nil else {
            throw APIError(
                .tooManyRequests,
                "the cluster already has \(state.records.tokens.count) tokens, which is the limit; revoke some of them")
        }
        try requireRoom()
        let record = TokenRecord(
            name: request.name, role: request.role, digest: request.digest,
            lifetime: DurableDeadline(request.lifetime, from: moment), createdBy: author?.name ?? "process",
            createdFrom: author?.origin)
        advance()
        put(record)
        emit(.tokenCreated, message: "token \(record.name) with role \(record.role) until \(record.lifetime.wall)")
        return (record.info(at: moment), true)
    }

    /// Revokes a token.
    ///
    /// - Throws: `token_not_found`; `storage_full`.
    package mutating func revoke(_ name: TokenName) throws(APIError) {
        guard state.records.tokens[name] != nil else { throw APIError(.tokenNotFound, "token \(name): not found") }
        try requireRoom()
        advance()
        state.records.tokens[name] = nil
        changes.tokens[name] = .some(nil)
        emit(.tokenRevoked, message: "token \(name)")
    }

    /// Records the last uses of tokens, but for each token at most once an hour.
    package mutating func recordUses(_ uses: [TokenName: Timestamp]) {
        guard !isFull else { return }
        for (name, time) in uses {
            guard var token = state.records.tokens[name], token.mayRecordUse(at: time) else { continue }
            token.lastUsedAt = time
            put(token)
        }
    }

    private mutating func put(_ token: TokenRecord) {
        state.records.tokens[token.name] = token
        changes.tokens[token.name] = .some(token)
    }

    /// Checks that a token of the author, if it has one, is not exceeded by the token that it issues.
    private func requireMayIssue(_ request: TokenRequest) throws(APIError) {
        guard let name = author?.token else { return }
        guard let own = state.records.tokens[name], !own.isExpired(at: moment) else {
            throw APIError(.forbidden, "token \(name) was revoked or has expired, so it cannot issue tokens")
        }
        guard own.role.mayIssue(request.role) else {
            throw APIError(
                .forbidden,
                "token \(name) has the role \(own.role), so it cannot issue a token with the role \(request.role)")
        }
        let rest = own.lifetime.remaining(at: moment)
        guard request.lifetime <= rest else {
            throw APIError(
                .forbidden,
                "token \(name) expires at \(own.lifetime.wall), so it cannot issue a token that lives for "
                    + "\(request.lifetime.text); a token never outlives the one that issued it")
        }
    }
}

extension ClusterState {
    /// Whether the use of a token is due to be recorded.
    package func isDue(_ uses: [TokenName: Timestamp]) -> Bool {
        uses.contains { records.tokens[$0.key]?.mayRecordUse(at: $0.value) ?? false }
    }
}

extension TokenRecord {
    fileprivate func mayRecordUse(at time: Timestamp) -> Bool {
        lastUsedAt.map { time - $0 >= Self.useInterval } ?? true
    }
}

extension TokenRole {
    /// Whether a token with this role may issue a token with another role. The role `write` includes all others: whoever may start
    /// any task on any node learns everything that a worker learns.
    package func mayIssue(_ other: TokenRole) -> Bool { self == .write && Self.all.contains(other) }
}

extension TokenRequest {
    /// The errors for an unknown role and a lifetime out of range.
    fileprivate var problems: [ValidationError] {
        var problems: [ValidationError] = []
        if !TokenRole.all.contains(role) {
            problems.append(
                ValidationError(
                    field: "role", value: "\"\(role.rawValue.shortened(to: 80))\"",
                    message: "must be read, write or worker"))
        }
        if !(Self.shortestLifetime...Self.longestLifetime).contains(lifetime) {
            problems.append(
                ValidationError(
                    field: "lifetime", value: lifetime.text,
                    message: "must be from \(Self.shortestLifetime.text) to \(Self.longestLifetime.text)"))
        }
        return problems
    }
}
