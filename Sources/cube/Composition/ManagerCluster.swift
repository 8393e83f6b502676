import CubeManagerClient
import CubeReconciler
import CubeTypes

/// The reconciler's way to its cluster, for looking only: it has no call that changes anything.
struct ManagerClusterReader: ClusterReader {
    let client: ManagerClient

    func tasks(owner: OwnerName) async throws -> TaskList { try await client.tasks(owner: owner) }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await client.changes(owner: owner, since: since, term: term, wait: wait)
    }
}

/// The reconciler's way to its cluster, once its manager is known.
struct ManagerCluster: ClusterWriter {
    /// Asked before each call: the manager may be found again at another address.
    let client: @Sendable () async throws -> ManagerClient

    func tasks(owner: OwnerName) async throws -> TaskList { try await client().tasks(owner: owner) }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await client().changes(owner: owner, since: since, term: term, wait: wait)
    }

    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        try await client().lease(owner, request)
    }

    func batch(_ request: BatchRequest) async throws -> BatchAnswer { try await client().batch(request) }
}
