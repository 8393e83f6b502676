import CubeErrors
import CubeManager
import CubeTypes
import CubeWorkerClient
import Logging

/// The manager's way to its workers: over HTTP, with the cluster's `worker` token.
struct WorkerClientGateway: WorkerGateway {
    let token: String
    let logger: Logger

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        try await client(url).list(since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait)
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
        try await client(url).updateSettings(id, settings)
    }

    func logs(
        _ id: TaskID, tail: Int?, follow: Bool, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try await client(url).logs(id, tail: tail, follow: follow)
    }

    private func client(_ url: String) throws(APIError) -> WorkerClient {
        WorkerClient(
            endpoint: try Endpoint(checking: url, field: "worker.url"), token: token,
            options: ClientOptions(logger: logger))
    }
}
