package import CubeTypes

/// The requests with which the reconciler reads the state of a cluster. They throw `APIError`.
package protocol ClusterReader: Sendable {
    /// Returns all tasks and slot records of an owner, and the owner itself. Joins all pages.
    func tasks(owner: OwnerName) async throws -> TaskList
    /// Returns the changes of an owner's tasks since a revision; waits up to `wait` for a change.
    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges
}

/// The requests with which the reconciler changes a cluster. Dry runs get only a ``ClusterReader``.
package protocol ClusterWriter: ClusterReader {
    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus
    func batch(_ request: BatchRequest) async throws -> BatchAnswer
}
