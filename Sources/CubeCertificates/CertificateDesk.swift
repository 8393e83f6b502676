package import CubeErrors
package import CubeTypes

/// The part of a manager that admits workers: issues certificates to them, checks and revokes them.
package struct CertificateDesk: Sendable {
    package let authority: CertificateAuthority
    private let keys: NodeKeys
    /// How long a certificate of a worker is valid.
    private let lifetime: Duration
    package let now: @Sendable () -> Timestamp

    package init(
        authority: CertificateAuthority, keys: NodeKeys, lifetime: Duration, now: @escaping @Sendable () -> Timestamp
    ) {
        self.authority = authority
        self.keys = keys
        self.lifetime = lifetime
        self.now = now
    }

    /// The default of how long a certificate is valid: a day.
    package static let standardLifetime = Duration.seconds(24 * 3600)

    /// The check of certificates that clients present.
    package var check: PeerCheck {
        get throws(APIError) {
            do throws(CertificateProblem) {
                return try PeerCheck(
                    authority: Array(authority.pem.utf8), cluster: authority.cluster, owner: "the manager",
                    isKnown: { [keys] in keys.isKnown($0, key: $1) })
            } catch {
                throw APIError(.internal, "\(error)")
            }
        }
    }

    /// Issues a certificate to a worker.
    ///
    /// - Parameter peer: Whom the certificate of the caller identifies; `nil` if the caller presented a token instead.
    /// - Throws: `foreign_cluster`; `forbidden` if the caller is another node; `conflict` if another machine has the name;
    ///   `validation_failed`; `storage_full`.
    package func issue(
        _ order: CertificateOrder, to peer: CertificateName?
    ) throws(APIError) -> IssuedCertificate {
        if let cluster = order.cluster, cluster != authority.cluster {
            throw APIError(
                .foreignCluster,
                "worker \(order.node) belongs to cluster \(cluster), not to \(authority.cluster); it can join after it has "
                    + "left its cluster", details: ["cluster": "\(cluster)"])
        }
        if let peer, peer.node != order.node {
            throw APIError(.forbidden, "\(peer) cannot request a certificate for node \(order.node)")
        }
        let now = now()
        let life = CertificateLife(issuedAt: now, lasting: lifetime)
        let issued = try authority.issue(
            .worker(authority.cluster, order.node), request: order.request, life: life)
        try keys.admit(order.node, key: issued.key, until: life.until, isProved: peer != nil, at: now)
        return IssuedCertificate(certificate: issued.pem, authority: authority.pem, cluster: authority.cluster)
    }

    /// Revokes the certificates of a node while `removal` removes it from the cluster. If the removal is refused, they stay valid.
    package func revoke<Failure: Error>(
        _ node: NodeName, with removal: () async throws(Failure) -> Void
    ) async throws {
        let entry = try keys.revoke(node)
        do { try await removal() } catch {
            // A node that never registered has only its certificate.
            if entry != nil, (error as? APIError)?.reason == .workerNotFound { return }
            if let entry { try keys.restore(entry, of: node) }
            throw error
        }
    }
}
