import CubeManager
import CubeTypes
import CubeWorkerClient
import Logging
import Synchronization

/// The manager's access to its workers: over HTTP, with the cluster's `worker` token.
final class WorkerClientGateway: WorkerGateway {
    private let token: String
    private let options: ClientOptions
    /// One client per worker, because each client has its own retry budget.
    private let clients = Mutex<[String: WorkerClient]>([:])

    init(token: String, logger: Logger) {
        self.token = token
        options = ClientOptions(logger: logger)
    }

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        try await client(url).tasks(since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait)
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

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try await client(url).logs(of: id, selecting: selection)
    }

    private func client(_ url: String) throws -> WorkerClient {
        try clients.withLock { clients in
            if let client = clients[url] { return client }
            let endpoint = try Endpoint(checking: url, field: "worker.url")
            let client = WorkerClient(endpoint: endpoint, token: token, options: options)
            clients[url] = client
            return client
        }
    }
}
