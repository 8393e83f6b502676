import CubeManager
import CubeTypes
import CubeWorkerClient
import Logging
import Synchronization

/// The manager's access to its workers: over HTTPS with its own certificate, or over HTTP with the cluster's `worker` token.
struct WorkerClientGateway: WorkerGateway {
    /// A worker, as a client calls it.
    private struct Target: Hashable {
        var url: String
        /// The node that the certificate must name; `nil` if the caller did not say.
        var node: NodeName?
    }

    private final class Clients: Sendable {
        /// One client per worker, because each client has its own retry budget.
        let known = Mutex<[Target: WorkerClient]>([:])
    }

    private let token: String
    private let certificates: @Sendable () -> ManagerCertificates?
    private let options: ClientOptions
    private let clients = Clients()
    private var node: NodeName?

    /// - Parameter certificates: Returns the certificates of the manager; `nil` if it speaks no TLS.
    init(token: String, certificates: @escaping @Sendable () -> ManagerCertificates?, logger: Logger) {
        self.token = token
        self.certificates = certificates
        options = ClientOptions(logger: logger)
    }

    func verifying(_ node: NodeName) -> any WorkerGateway {
        var gateway = self
        gateway.node = node
        return gateway
    }

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList {
        try await client(url).tasks(
            since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait, renewing: lease)
    }

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask {
        try await client(url).assign(assignment).task
    }

    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask {
        try await client(url).stop(id, placement: placement, term: term, cluster: cluster)
    }

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask {
        try await client(url).updateSettings(id, with: settings)
    }

    func carryOut(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult] {
        try await client(url).batch(batch)
    }

    func metrics(at url: String) async throws -> WorkerMetrics { try await client(url).metrics() }

    func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID, at url: String
    ) async throws -> (session: ExecSession, created: Bool) {
        try await client(url).exec(request, as: session, in: task)
    }

    func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration, at url: String
    ) async throws -> ExecOutput {
        try await client(url).execOutput(session, of: task, after: offset, wait: wait)
    }

    func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration, at url: String
    ) async throws -> ExecReceipt {
        try await client(url).execInput(input, to: session, of: task, wait: wait)
    }

    func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize, at url: String) async throws {
        try await client(url).resizeExec(session, of: task, to: size)
    }

    func endExec(_ session: ExecID, of task: TaskID, at url: String) async throws {
        try await client(url).endExec(session, of: task)
    }

    func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID, at url: String
    ) async throws {
        try await client(url).removeVolume(name, of: owner, term: term, cluster: cluster)
    }

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try await client(url).logs(of: id, selecting: selection)
    }

    private func client(_ url: String) throws -> WorkerClient {
        let target = Target(url: url, node: node)
        return try clients.known.withLock { clients in
            if let client = clients[target] { return client }
            let client = try makeClient(target)
            clients[target] = client
            return client
        }
    }

    private func makeClient(_ target: Target) throws -> WorkerClient {
        let endpoint = try Endpoint(checking: target.url, field: "worker.url")
        guard endpoint.isSecure else { return WorkerClient(endpoint: endpoint, token: token, options: options) }
        guard let certificates = certificates(), let node = target.node else {
            throw APIError(
                .unavailable, "the worker at \(endpoint) requires a certificate, but this manager speaks no TLS")
        }
        var options = options
        options.tls = certificates.options(for: node)
        return WorkerClient(endpoint: endpoint, options: options)
    }
}
