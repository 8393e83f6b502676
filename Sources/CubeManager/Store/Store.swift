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

    /// Looks whether the next manager will find what commits write.
    ///
    /// - Throws: `StoreError.failed` where it will not.
    func check() async throws

    /// Writes down that tasks are to stop, on a disk that has no room for a commit. It counts until the next commit, which must
    /// store the same.
    ///
    /// - Throws: `StoreError`; `full` where even that cannot be written.
    func note(stops: [TaskID]) async throws

    /// A copy of all that is stored, as of one commit.
    ///
    /// - Throws: `StoreError`.
    func backup() async throws -> any StoreBackup
}

/// A copy of a store, in a form that can be put in its place.
package protocol StoreBackup: Sendable {
    /// The next bytes of it; empty at its end.
    func read() async throws -> [UInt8]
}

/// What a store holds.
package struct StoredCluster: Equatable, Sendable {
    /// The incarnation of the manager that begins now.
    package var term: Int
    package var records: ClusterRecords
    /// The secret under which people see digests; it is made with the cluster's id.
    package var digestKey: DigestKey
    /// The end of the history, oldest first.
    package var events: [TaskEvent]
    /// Tasks that are to stop, which the last manager could only note down.
    package var stops: [TaskID]

    package init(
        term: Int, records: ClusterRecords, digestKey: DigestKey, events: [TaskEvent], stops: [TaskID] = []
    ) {
        self.term = term
        self.records = records
        self.digestKey = digestKey
        self.events = events
        self.stops = stops
    }
}

/// Why nothing was stored, or nothing can be read.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no room; it may be tried again when there is.
    case full(String)
    /// It cannot be known what is on the disk: the manager must end and begin anew.
    case failed(String)
    /// What is stored is not what was written: a backup must take its place.
    case damaged(String)

    package var description: String {
        switch self {
        case .full(let text), .failed(let text), .damaged(let text): text
        }
    }
}

extension DigestKey {
    /// A new key.
    init(from random: RandomSource) { self.init(bytes: random.bytes(Self.length))! }
}
