import CubeCore
import CubeErrors
import CubeManagerClient
import CubeReconciler
import CubeTypes

/// Read access to a cluster. It has no method that changes anything.
struct ManagerClusterReader: ClusterReader {
    private let client: ManagerClient

    init(client: ManagerClient) { self.client = client }

    func tasks(owner: OwnerName) async throws -> TaskList { try await client.tasks(owner: owner) }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await client.changes(owner: owner, since: since, term: term, wait: wait)
    }

    // MARK: Beyond one owner

    /// The tasks of all owners.
    func tasks() async throws -> [TaskStatus] { try await client.tasks().tasks }

    /// The live tasks of all owners without a running reconciler, except one owner. Most of them were started with
    /// `cube task run`.
    func unmanaged(besides owner: OwnerName) async throws -> [TaskStatus] {
        let left = try await client.owners().owners.filter { $0.lease.map { $0.expiresAt <= .now } ?? true }
        var tasks: [TaskStatus] = []
        for other in Set(left.map(\.owner) + [.manual]).subtracting([owner]).sorted() {
            tasks += try await client.tasks(owner: other).tasks.filter(\.isAdoptable)
        }
        return tasks
    }

    func nodes() async throws -> [NodeInfo] { try await client.workers().nodes }

    func status() async throws -> ClusterStatus { try await client.clusterStatus() }

    func volumes() async throws -> [VolumeInfo] { try await client.volumes().volumes }
}

/// Read and write access to a cluster, for the reconciler.
struct ManagerCluster: ClusterWriter {
    /// Returns the client for a call. Called each time, because the address of the manager may change.
    private let find: @Sendable () async throws -> ManagerClient

    init(_ find: @Sendable @escaping () async throws -> ManagerClient) { self.find = find }

    func tasks(owner: OwnerName) async throws -> TaskList { try await client().tasks(owner: owner) }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await client().changes(owner: owner, since: since, term: term, wait: wait)
    }

    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        try await client().lease(owner, with: request)
    }

    func batch(_ request: BatchRequest) async throws -> BatchAnswer { try await client().batch(request) }

    private func client() async throws -> ManagerClient {
        do {
            return try await find()
        } catch let failure as Failure {
            throw APIError(.unavailable, failure.message)
        }
    }
}
