package import CubeCore
package import CubeTypes

/// Where the manager's state is durable. One manager uses it at a time.
package protocol Store: Sendable {
    /// Raises the term, durably, then reads everything; a new store gets its cluster id here. Called once, first.
    func begin() async throws -> StoredCluster

    /// Makes changes durable, all of them or none.
    ///
    /// - Throws: `StoreError`.
    func commit(_ changes: ClusterChanges) async throws
}

/// What a store holds.
package struct StoredCluster: Equatable, Sendable {
    /// The incarnation of the manager that begins now.
    package var term: Int
    package var records: ClusterRecords
    /// The end of the history, oldest first.
    package var events: [TaskEvent]

    package init(term: Int, records: ClusterRecords, events: [TaskEvent]) {
        self.term = term
        self.records = records
        self.events = events
    }
}

/// Why nothing was stored.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no room; it may be tried again when there is.
    case full(String)
    /// It cannot be known what is on the disk: the manager must end and begin anew.
    case failed(String)
}
