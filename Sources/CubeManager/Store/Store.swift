package import CubeCore
package import CubeTypes

/// The manager's durable state. Only one manager uses a store at a time.
package protocol Store: Sendable {
    /// Raises the term durably, then reads everything. Creates the cluster id of a new store. Called once, before
    /// anything else.
    func begin(at moment: DurableInstant) async throws -> StoredCluster

    /// Stores the changes durably and atomically.
    ///
    /// - Throws: `StoreError`.
    func commit(_ changes: ClusterChanges) async throws

    /// Checks that the next manager will find what this manager commits.
    ///
    /// - Throws: `StoreError.failed` if it will not.
    func check() async throws

    /// Records durably that tasks are to stop, on a disk without space for a commit. The record holds until the next
    /// commit, which must store the same stops.
    ///
    /// - Throws: `StoreError`; `full` if even the record cannot be written.
    func note(stops: [TaskID]) async throws

    /// Returns a copy of everything that is stored, as of one commit.
    ///
    /// - Throws: `StoreError`.
    func backup() async throws -> any StoreBackup
}

/// A copy of a store that can replace the store.
package protocol StoreBackup: Sendable {
    /// Returns the next bytes of the copy; empty at its end.
    func read() async throws -> [UInt8]
}

/// The contents of a store.
package struct StoredCluster: Equatable, Sendable {
    /// The term of the manager that is starting.
    package var term: Int
    package var records: ClusterRecords
    /// The secret key of the digests that people see. It is created with the cluster's id.
    package var digestKey: DigestKey
    /// The latest events, oldest first.
    package var events: [TaskEvent]
    /// Tasks to stop that the last manager wrote to the reserve but could not store.
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

/// The reason why a store cannot write or read.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk is full. The operation may be retried when there is space.
    case full(String)
    /// The contents of the disk are unknown: the manager must end and start again.
    case failed(String)
    /// The stored data are damaged: a backup must replace them.
    case damaged(String)

    package var description: String {
        switch self {
        case .full(let text), .failed(let text), .damaged(let text): text
        }
    }
}

extension DigestKey {
    /// Creates a random key.
    init(from random: RandomSource) { self.init(bytes: random.bytes(Self.length))! }
}
