import CubeErrors
import CubeManagerClient
import CubeReconciler
import CubeTypes

/// The reconciler's way to its cluster, for looking only: it has no call that changes anything.
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

    /// The live tasks of owners for which no reconciler is at work, but for one: those that a person started, above all.
    func unmanaged(besides owner: OwnerName) async throws -> [TaskStatus] {
        let left = try await client.owners().owners.filter { $0.lease.map { $0.expiresAt <= .now } ?? true }
        var tasks: [TaskStatus] = []
        for other in Set(left.map(\.owner) + [.manual]).subtracting([owner]).sorted() {
            tasks += try await client.tasks(owner: other).tasks.filter(\.isAdoptable)
        }
        return tasks
    }

    func nodes() async throws -> [NodeInfo] { try await client.workers().nodes }

    func policy() async throws -> SchedulingPolicy { try await client.clusterStatus().policy }
}

/// The reconciler's way to its cluster.
struct ManagerCluster: ClusterWriter {
    /// Asked before each call: the manager may be found again at another address.
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
