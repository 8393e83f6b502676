package import CubeCore
import CubeTypes
import HashTreeCollections
import FoundationEssentials
import GRDB
package import SystemPackage

/// The embedded store: one SQLite file, each record a JSON object under its key.
package final class SQLiteStore: Store {
    let database: DatabaseQueue

    private init(_ database: DatabaseQueue) { self.database = database }

    /// Opens or makes `cube.sqlite` in the manager's directory, which the caller has made and locked.
    package static func open(directory: FilePath) throws -> SQLiteStore {
        let path = directory.appending("cube.sqlite")
        // SQLite would make the file with the modes of the process; its companions take the modes of this one.
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        try file.close()
        let database = try DatabaseQueue(path: path.string)
        try database.writeWithoutTransaction { database in
            try makeDurable(database)
            try migrate(database)
        }
        return SQLiteStore(database)
    }

    package func begin() async throws -> StoredCluster {
        try await write { database in
            let term = try (Self.read(Int.self, "term", from: database) ?? 0) + 1
            try Self.write(term, "term", to: database)
            let cluster = try Self.read(ClusterID.self, "cluster", from: database) ?? Self.newCluster(in: database)
            var records = ClusterRecords(cluster: cluster)
            records.counters = try Self.read(ClusterCounters.self, "counters", from: database) ?? ClusterCounters()
            for task: TaskRecord in try Self.all("task", in: database) { records.tasks[task.id] = task }
            for slot: SlotRecord in try Self.all("slot", in: database) { records.slots[slot.slot] = slot }
            for node: NodeRecord in try Self.all("node", in: database) { records.nodes[node.worker.name] = node }
            for owner: OwnerRecord in try Self.all("owner", in: database) { records.owners[owner.name] = owner }
            return StoredCluster(term: term, records: records, events: try Self.all("event", in: database))
        }
    }

    package func commit(_ changes: ClusterChanges) async throws {
        try await write { database in
            if let counters = changes.counters { try Self.write(counters, "counters", to: database) }
            try Self.put(changes.tasks, in: "task", of: database) { $0.rawValue }
            try Self.put(changes.slots, in: "slot", of: database) { $0.description }
            try Self.put(changes.nodes, in: "node", of: database) { $0.rawValue }
            try Self.put(changes.owners, in: "owner", of: database) { $0.rawValue }
            try Self.append(changes.events, to: database)
        }
    }

    /// - Throws: `StoreError`.
    private func write<Answer: Sendable>(
        _ transaction: @escaping @Sendable (Database) throws -> Answer
    ) async throws -> Answer {
        do {
            return try await database.write(transaction)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw StoreError.full("\(error)")
        } catch {
            throw StoreError.failed("\(error)")
        }
    }
}

// MARK: - The file

extension SQLiteStore {
    /// The version of the tables and of what stands in them.
    private static let schemaVersion = 1

    /// How many events are kept.
    private static let eventLimit = 1000

    /// Sets what a commit means, and reads it back: what the file system or the library does not give is refused.
    ///
    /// The lock is exclusive so that no shared memory file is needed, which a full disk could not grow.
    private static func makeDurable(_ database: Database) throws {
        try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard journal == "wal", synchronous == 2 else {
            throw StoreError.failed(
                "the store must have journal_mode wal and synchronous 2 (full), not \(journal ?? "none") and "
                    + "\(synchronous ?? -1)")
        }
    }

    private static func migrate(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version != schemaVersion else { return }
        guard version == 0 else {
            throw StoreError.failed("the store has schema version \(version), this program knows \(schemaVersion)")
        }
        try database.inTransaction {
            for table in ["meta", "task", "slot", "node", "owner"] {
                try database.execute(
                    sql: "CREATE TABLE \(table) (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)")
            }
            try database.execute(sql: "CREATE TABLE event (key INTEGER PRIMARY KEY AUTOINCREMENT, value BLOB NOT NULL)")
            try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
            return .commit
        }
    }

    private static func newCluster(in database: Database) throws -> ClusterID {
        let cluster = try ClusterID(checking: UUID().uuidString.lowercased())
        try write(cluster, "cluster", to: database)
        return cluster
    }
}

// MARK: - Records

extension SQLiteStore {
    private static func read<Value: Decodable>(
        _ type: Value.Type, _ key: String, from database: Database
    ) throws -> Value? {
        try Data.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
            .map { try JSONDecoder().decode(type, from: $0) }
    }

    private static func write(_ value: some Encodable, _ key: String, to database: Database) throws {
        try put("meta", key, JSONEncoder().encode(value), in: database)
    }

    private static func all<Record: Decodable>(_ table: String, in database: Database) throws -> [Record] {
        let decoder = JSONDecoder()
        return try Data.fetchAll(database, sql: "SELECT value FROM \(table) ORDER BY key")
            .map { try decoder.decode(Record.self, from: $0) }
    }

    private static func put<Key, Record: Encodable>(
        _ records: [Key: Record?], in table: String, of database: Database, key text: (Key) -> String
    ) throws {
        let encoder = JSONEncoder()
        for (key, record) in records {
            if let record {
                try put(table, text(key), encoder.encode(record), in: database)
            } else {
                try database.execute(sql: "DELETE FROM \(table) WHERE key = ?", arguments: [text(key)])
            }
        }
    }

    private static func put(_ table: String, _ key: String, _ value: Data, in database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO \(table) (key, value) VALUES (?, ?)")
            .execute(arguments: [key, value])
    }

    private static func append(_ events: [TaskEvent], to database: Database) throws {
        guard !events.isEmpty else { return }
        let encoder = JSONEncoder()
        let statement = try database.cachedStatement(sql: "INSERT INTO event (value) VALUES (?)")
        for event in events { try statement.execute(arguments: [encoder.encode(event)]) }
        try database.execute(
            sql: "DELETE FROM event WHERE key <= (SELECT max(key) FROM event) - ?", arguments: [eventLimit])
    }
}
