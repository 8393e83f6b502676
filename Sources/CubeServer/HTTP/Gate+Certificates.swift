import CubeCertificates
import CubeErrors
import CubeTypes
import NIOCore
import NIOSSL

extension Gate {
    /// Returns whom the certificate of the client identifies; `nil` if it presented none, or if the listener requests none.
    ///
    /// - Throws: `unauthorized` if the certificate is not valid at this time.
    static func peer(
        on channel: (any Channel)?, _ clients: ClientCertificates?
    ) async throws -> CertificateName? {
        guard let clients, let channel, let certificate = try await channel.nioSSL_peerCertificate().get() else {
            return nil
        }
        return try clients.check(try certificate.toDERBytes())
    }
}

extension Call {
    /// Checks that the caller is the worker that it describes, and that it can be called only with a certificate.
    func requireWorker(_ worker: WorkerInfo) throws(APIError) {
        try requireWorker(of: worker.name)
        guard !usesCertificates || worker.url.hasPrefix("https://") else {
            throw .invalid([
                ValidationError(
                    field: "url", value: "\"\(worker.url.prefix(120))\"",
                    message: "must begin with https://, as this manager calls workers only with its certificate")
            ])
        }
    }

    /// Checks that the caller is the worker of a node. Where certificates are in use, nothing else proves it.
    ///
    /// - Throws: `unauthorized` without a certificate; `forbidden` with the certificate of another node.
    private func requireWorker(of node: NodeName) throws(APIError) {
        guard usesCertificates else { return }
        guard let peer else {
            throw PeerCheck.refusal(.missing, "this call requires the certificate of node \(node), not a token")
        }
        guard peer.node == node else {
            throw APIError(
                .forbidden, "\(peer) cannot act for node \(node)",
                details: [PeerCheck.detail: PeerCheck.Refusal.otherName.rawValue])
        }
    }
}
