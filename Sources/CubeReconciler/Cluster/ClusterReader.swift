package import CubeTypes

/// What the reconciler reads of a cluster. Errors are `APIError`s.
package protocol ClusterReader: Sendable {
    /// All tasks of an owner, its slot records and the owner itself: every page, joined.
    func tasks(owner: OwnerName) async throws -> TaskList
    /// What changed of an owner since a revision; waits for a change at most as long as `wait`.
    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges
}

/// What the reconciler writes. Dry runs are given a ``ClusterReader`` only.
package protocol ClusterWriter: ClusterReader {
    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus
    func batch(_ request: BatchRequest) async throws -> BatchAnswer
}
