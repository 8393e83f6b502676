package import CubeCore
import CubeJSON
import CubeSystem
package import CubeTypes
import HashTreeCollections
import FoundationEssentials
import GRDB
import Synchronization
package import SystemPackage

/// The embedded store: one SQLite file with a JSON object per record.
package final class SQLiteStore: Store {
    package static let fileName = "cube.sqlite"

    let database: DatabaseQueue
    let path: FilePath
    /// The source of randomness for the id and the digest key of a new cluster.
    let random: RandomSource
    private let term: TermFile
    private let reserve: StopReserve
    /// The stops that the reserve file holds.
    private let reserved = Mutex<[TaskID]>([])
    /// The identity of the open file. If somebody deletes or replaces the file, the manager writes to a file that the
    /// next manager does not see.
    private let identity: FileIdentity

    private init(_ database: DatabaseQueue, path: FilePath, identity: FileIdentity, random: RandomSource) {
        self.database = database
        self.path = path
        self.identity = identity
        self.random = random
        term = TermFile(directory: path.removingLastComponent())
        reserve = StopReserve(directory: path.removingLastComponent())
    }

    /// Opens or creates `cube.sqlite` in the manager's directory. The caller has created and locked the directory.
    ///
    /// - Parameter random: The source of randomness for the id and the digest key of a new cluster.
    /// - Throws: `StoreError`.
    package static func open(directory: FilePath, random: RandomSource = .system) throws -> SQLiteStore {
        try open(directory.appending(fileName), random: random)
    }

    static func open(_ path: FilePath, random: RandomSource = .system) throws -> SQLiteStore {
        removeCopies(beside: path)
        // SQLite would create the file with the default permissions of the process. Its companion files inherit the
        // permissions of this one.
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        try file.close()
        return try storeErrors {
            let database = try DatabaseQueue(path: path.string)
            try database.writeWithoutTransaction { database in
                try makeDurable(database)
                try migrate(database)
            }
            return SQLiteStore(database, path: path, identity: try FileIdentity(path), random: random)
        }
    }

    package func begin(at moment: DurableInstant) async throws -> StoredCluster {
        let highest = term.read() ?? 0
        var stored: StoredCluster
        do {
            stored = try await write { [random] database in
                if try Self.read(ClusterID.self, "cluster", from: database) == nil {
                    try Self.write(ClusterID(checking: random.uuid()), "cluster", to: database)
                }
                if try Self.digestKey(in: database) == nil {
                    try Self.write(DigestKey(from: random).hexadecimal, "digest_key", to: database)
                }
                let stored = try Self.stored(in: database, random: random).begun(after: highest, at: moment)
                try Self.write(stored.term, "term", to: database)
                try Self.write(stored.records.counters, "counters", to: database)
                return stored
            }
            // Checkpoint, so that the cluster id and the term are in the database file itself and survive the loss of
            // the write-ahead log.
            try await Self.storeErrors {
                try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            }
        } catch StoreError.full(let text) {
            // Writing the term file needs no space, so a full disk only prevents the creation of a new cluster.
            guard let known = try? await self.stored() else { throw StoreError.full(text) }
            stored = known.begun(after: highest, at: moment)
        }
        try term.write(stored.term)
        let tasks = stored.records.tasks
        stored.stops = reserve.read().filter { tasks[$0]?.phase.canStop ?? false }
        reserved.withLock { [stops = stored.stops] in $0 = stops }
        // Without the reserve, stops on a full disk wait for space, which is no reason to fail here.
        try? reserve.prepare()
        return stored
    }

    package func note(stops: [TaskID]) throws {
        try reserved.withLock { reserved in
            let all = reserved + stops.filter { !reserved.contains($0) }
            guard all.count > reserved.count else { return }
            try reserve.write(all)
            reserved = all
        }
    }

    /// Removes the stops from the reserve that a commit has stored. Stops from the previous manager are carried out one by
    /// one.
    private func clearNotes(storedBy changes: ClusterChanges) {
        reserved.withLock { reserved in
            let rest = reserved.filter { !changes.storeStop(of: $0) }
            guard rest.count < reserved.count else { return }
            // The commit is stored. A stop that remains in the reserve is repeated at the next start, which is a no-op.
            guard (try? reserve.write(rest)) != nil else { return }
            reserved = rest
        }
    }

    /// Returns everything that is stored, with the term of the last manager.
    func stored() async throws -> StoredCluster {
        try await Self.storeErrors {
            try await database.read { [random] in try Self.stored(in: $0, random: random) }
        }
    }

    /// Returns the first problem that SQLite's integrity check finds, or `nil` if there is none.
    func problem() async throws -> String? {
        try await Self.storeErrors {
            let found = try await database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
            return found == "ok" ? nil : found ?? "the integrity check returned nothing"
        }
    }

    package func commit(_ changes: ClusterChanges) async throws {
        try check()
        try await write { database in
            if let term = changes.term { try Self.write(term, "term", to: database) }
            if let counters = changes.counters { try Self.write(counters, "counters", to: database) }
            try Self.put(changes.tasks, in: "task", of: database) { $0.rawValue }
            try Self.put(changes.slots, in: "slot", of: database) { $0.description }
            try Self.put(changes.nodes, in: "node", of: database) { $0.rawValue }
            try Self.put(changes.owners, in: "owner", of: database) { $0.rawValue }
            try Self.put(changes.volumes, in: "volume", of: database) { $0.description }
            try Self.put(changes.tokens, in: "token", of: database) { $0.rawValue }
            try Self.append(changes.events, to: database)
        }
        if let term = changes.term { try self.term.write(term) }
        // Changes that went into a file which was removed meanwhile are not stored.
        try check()
        clearNotes(storedBy: changes)
    }

    package func check() throws {
        guard (try? FileIdentity(path)) == identity else {  // An inaccessible file is as bad as a missing one.
            throw StoreError.failed("\(path) was deleted or replaced while the manager runs")
        }
    }

    /// - Throws: `StoreError`.
    private func write<Answer: Sendable>(
        _ transaction: @escaping @Sendable (Database) throws -> Answer
    ) async throws -> Answer {
        try await Self.storeErrors { try await database.write(transaction) }
    }

    /// Converts errors of the database to the `StoreError` that tells the manager how to react.
    static func storeErrors<Answer: Sendable>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch { throw storeError(error) }
    }

    static func storeErrors<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do { return try body() } catch { throw storeError(error) }
    }

    private static func storeError(_ error: any Error) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL: .full("\(error)")
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            .damaged(error.message ?? "\(error)")
        default: .failed("\(error)")
        }
    }
}

// MARK: - The file

extension SQLiteStore {
    /// The version of the tables and of the records in them.
    private static let schemaVersion = 3

    /// The number of events that the store keeps.
    private static let eventLimit = 10_000

    /// Sets the durability of commits, and reads the settings back, as SQLite silently ignores a setting that the file
    /// system or the library does not support.
    ///
    /// The lock is exclusive, so that SQLite needs no shared memory file, which could not grow on a full disk.
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
        guard version < schemaVersion else {
            throw StoreError.failed(
                "the store has schema version \(version); this program supports version \(schemaVersion)")
        }
        try database.inTransaction {
            if version < 1 {
                for table in ["meta", "task", "slot", "node", "owner"] { try create(table, in: database) }
                try database.execute(
                    sql: "CREATE TABLE event (key INTEGER PRIMARY KEY AUTOINCREMENT, value BLOB NOT NULL)")
            }
            if version < 2 { try create("volume", in: database) }
            if version < 3 { try create("token", in: database) }
            try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
            return .commit
        }
    }

    private static func create(_ table: String, in database: Database) throws {
        try database.execute(sql: "CREATE TABLE \(table) (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)")
    }
}

// MARK: - Records

extension SQLiteStore {
    private static func stored(in database: Database, random: RandomSource) throws -> StoredCluster {
        guard let cluster = try read(ClusterID.self, "cluster", from: database) else {
            throw StoreError.damaged("the store has no cluster id")
        }
        let term = try read(Int.self, "term", from: database) ?? 0
        try check(term, "term", of: "the manager")
        var records = ClusterRecords(cluster: cluster)
        records.counters = try read(ClusterCounters.self, "counters", from: database) ?? ClusterCounters()
        try check(records.counters.revision, "revision", of: "the cluster")
        try check(records.counters.fence, "fence", of: "the cluster")
        for task: TaskRecord in try all("task", in: database, key: { $0.id.rawValue }) {
            try check(task.attempt, "attempt", of: "task \(task.id)")
            try check(task.placements, "placements", of: "task \(task.id)")
            records.tasks[task.id] = task
        }
        for slot: SlotRecord in try all("slot", in: database, key: { $0.slot.description }) {
            try check(slot.status.next, "next", of: "slot \(slot.slot)")
            records.slots[slot.slot] = slot
        }
        for node: NodeRecord in try all("node", in: database, key: { $0.worker.name.rawValue }) {
            records.nodes[node.worker.name] = node
        }
        for owner: OwnerRecord in try all("owner", in: database, key: { $0.name.rawValue }) {
            try check(owner.fence, "fence", of: "owner \(owner.name)")
            records.owners[owner.name] = owner
        }
        for volume: VolumeRecord in try all("volume", in: database, key: { $0.key.description }) {
            records.volumes[volume.key] = volume
        }
        for token: TokenRecord in try all("token", in: database, key: { $0.name.rawValue }) {
            records.tokens[token.name] = token
        }
        return StoredCluster(
            term: term, records: records, digestKey: try digestKey(in: database) ?? DigestKey(from: random),
            events: try events(in: database))
    }

    private static func digestKey(in database: Database) throws -> DigestKey? {
        try read(String.self, "digest_key", from: database).flatMap(DigestKey.init(hexadecimal:))
    }

    static func read<Value: Decodable>(
        _ type: Value.Type, _ key: String, from database: Database
    ) throws -> Value? {
        try Data.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
            .map { try decode(type, from: $0, of: "\"\(key)\"") }
    }

    static func write(_ value: some Encodable, _ key: String, to database: Database) throws {
        try put("meta", key, JSONBytesEncoder.bytes(of: value), in: database)
    }

    /// Returns the records of a table, by key. An unreadable record is an error: if the manager skipped a task, the
    /// task would run twice.
    private static func all<Record: Decodable & Sendable>(
        _ table: String, in database: Database, key: @Sendable (Record) -> String
    ) throws -> [Record] {
        let cursor = try Row.fetchCursor(database, sql: "SELECT key, value FROM \(table) ORDER BY key")
        // The replicas of a workload have the same definition.
        let repeated = RepeatedValues(of: TaskDefinition.self)
        var records: [Record] = []
        while true {
            var rows: [(name: String, value: Data)] = []
            while rows.count < Self.block, let row = try cursor.next() { rows.append((row["key"], row["value"])) }
            guard !rows.isEmpty else { return records }
            let shares = rows.concurrentMap(inSharesOf: Self.share) { rows in
                Result {
                    try rows.map { row in
                        let record = try decode(
                            Record.self, from: row.value, of: "\(table) \(row.name)", repeated: repeated)
                        guard key(record) == row.name else {
                            throw StoreError.damaged(
                                "the record of \(table) \(row.name) holds \(key(record)) instead")
                        }
                        return record
                    }
                }
            }
            for share in shares { records += try share.get() }
        }
    }

    /// The number of rows that are read before their records are decoded, on all cores. It bounds the memory for the rows.
    private static let block = 4096
    /// The number of records that a thread decodes before it takes others.
    private static let share = 64

    /// Returns the stored events. Unreadable events are skipped, as no decision depends on them.
    private static func events(in database: Database) throws -> [TaskEvent] {
        try Data.fetchAll(database, sql: "SELECT value FROM event ORDER BY key")
            // Unreadable events are skipped.
            .compactMap { try? JSONBytesDecoder.value(TaskEvent.self, from: Array($0)) }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, from data: Data, of what: String, repeated: (any ValueMemory)? = nil
    ) throws -> Value {
        do { return try JSONBytesDecoder.value(type, from: Array(data), repeated: repeated) } catch {
            throw StoreError.damaged("the record of \(what) is unreadable: \(summary(of: error))")
        }
    }

    /// Describes a decoding error without the record's values, which may be secrets.
    private static func summary(of error: any Error) -> String {
        let context: DecodingError.Context
        switch error as? DecodingError {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        default: return "it is not JSON"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "it is not JSON" : "\(path) has an invalid value"
    }

    /// - Throws: `StoreError.damaged` for a number that no counter can have reached.
    private static func check(_ count: Int, _ name: String, of what: String) throws {
        guard Counter.isPlausible(count) else {
            throw StoreError.damaged("the \(name) of \(what) is \(count), which is out of range")
        }
    }

    private static func put<Key, Record: Encodable>(
        _ records: [Key: Record?], in table: String, of database: Database, key text: (Key) -> String
    ) throws {
        for (key, record) in records {
            if let record {
                try put(table, text(key), JSONBytesEncoder.bytes(of: record), in: database)
            } else {
                try database.cachedStatement(sql: "DELETE FROM \(table) WHERE key = ?").execute(arguments: [text(key)])
            }
        }
    }

    private static func put(_ table: String, _ key: String, _ value: [UInt8], in database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO \(table) (key, value) VALUES (?, ?)")
            .execute(arguments: [key, Data(value)])
    }

    private static func append(_ events: [TaskEvent], to database: Database) throws {
        guard !events.isEmpty else { return }
        let statement = try database.cachedStatement(sql: "INSERT INTO event (value) VALUES (?)")
        for event in events { try statement.execute(arguments: [Data(JSONBytesEncoder.bytes(of: event))]) }
        try database.cachedStatement(sql: "DELETE FROM event WHERE key <= (SELECT max(key) FROM event) - ?")
            .execute(arguments: [eventLimit])
    }
}

extension StoredCluster {
    /// Returns the same contents under the next term, above all earlier terms of this directory.
    fileprivate func begun(after highest: Int, at moment: DurableInstant) -> StoredCluster {
        var next = self
        // The store is older than the last term: a backup replaced the store that was in use since.
        if term < highest { next.records.counters.recover(at: moment) }
        next.term = max(term, highest) + 1
        return next
    }
}
