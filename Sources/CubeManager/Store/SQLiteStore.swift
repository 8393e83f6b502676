package import CubeCore
import CubeSystem
package import CubeTypes
import HashTreeCollections
import FoundationEssentials
import GRDB
import Synchronization
package import SystemPackage

/// The embedded store: one SQLite file, each record a JSON object under its key.
package final class SQLiteStore: Store {
    package static let fileName = "cube.sqlite"

    let database: DatabaseQueue
    let path: FilePath
    /// What the id and the secret of a new cluster are drawn from.
    let random: RandomSource
    private let term: TermFile
    private let reserve: StopReserve
    /// What is noted down in the reserve.
    private let noted = Mutex<[TaskID]>([])
    /// Which file is open. Whoever deletes or replaces it has the manager write into one that nobody will read.
    private let identity: FileIdentity

    private init(_ database: DatabaseQueue, path: FilePath, identity: FileIdentity, random: RandomSource) {
        self.database = database
        self.path = path
        self.identity = identity
        self.random = random
        term = TermFile(directory: path.removingLastComponent())
        reserve = StopReserve(directory: path.removingLastComponent())
    }

    /// Opens or makes `cube.sqlite` in the manager's directory, which the caller has made and locked.
    ///
    /// - Parameter random: what the id and the secret of a new cluster are drawn from.
    /// - Throws: `StoreError`.
    package static func open(directory: FilePath, random: RandomSource = .system) throws -> SQLiteStore {
        try open(directory.appending(fileName), random: random)
    }

    static func open(_ path: FilePath, random: RandomSource = .system) throws -> SQLiteStore {
        try removeCopies(beside: path)
        // SQLite would make the file with the modes of the process; its companions take the modes of this one.
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

    package func begin() async throws -> StoredCluster {
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
                let stored = try Self.stored(in: database, random: random).begun(after: highest)
                try Self.write(stored.term, "term", to: database)
                return stored
            }
            // What makes the cluster and the term what they are stands in the file itself: a log that is lost loses neither.
            try await Self.storeErrors {
                try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            }
        } catch StoreError.full(let text) {
            // The term file needs no room. A cluster that is not made yet does.
            guard let known = try? await self.stored() else { throw StoreError.full(text) }
            stored = known.begun(after: highest)
        }
        try term.write(stored.term)
        let tasks = stored.records.tasks
        stored.stops = reserve.read().filter { tasks[$0]?.phase.canStop ?? false }
        noted.withLock { [stops = stored.stops] in $0 = stops }
        // Without it, stops on a full disk wait for room.
        try? reserve.prepare()
        return stored
    }

    package func note(stops: [TaskID]) throws {
        try noted.withLock { noted in
            let all = noted + stops.filter { !noted.contains($0) }
            guard all.count > noted.count else { return }
            try reserve.write(all)
            noted = all
        }
    }

    /// Forgets the noted stops that a commit has stored. Those of the last manager are carried out one by one.
    private func clearNotes(storedBy changes: ClusterChanges) {
        noted.withLock { noted in
            let rest = noted.filter { !changes.storeStop(of: $0) }
            guard rest.count < noted.count else { return }
            // The commit is stored. What stays noted down is stopped again at the next start, which changes nothing.
            guard (try? reserve.write(rest)) != nil else { return }
            noted = rest
        }
    }

    /// All that is stored, with the term of the last manager.
    func stored() async throws -> StoredCluster {
        try await Self.storeErrors {
            try await database.read { [random] in try Self.stored(in: $0, random: random) }
        }
    }

    /// What SQLite finds wrong with the file; `nil` where it finds nothing.
    func problem() async throws -> String? {
        try await Self.storeErrors {
            let found = try await database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
            return found == "ok" ? nil : found ?? "it cannot be checked"
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
            try Self.append(changes.events, to: database)
        }
        if let term = changes.term { try self.term.write(term) }
        // What went into a file that was taken away meanwhile is not stored.
        try check()
        clearNotes(storedBy: changes)
    }

    package func check() throws {
        guard (try? FileIdentity(path)) == identity else {  // Whatever keeps it from being looked at is as bad.
            throw StoreError.failed("\(path) was deleted or replaced while the manager runs")
        }
    }

    /// - Throws: `StoreError`.
    private func write<Answer: Sendable>(
        _ transaction: @escaping @Sendable (Database) throws -> Answer
    ) async throws -> Answer {
        try await Self.storeErrors { try await database.write(transaction) }
    }

    /// Has what went wrong with the database thrown as what it means for the manager.
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
}

// MARK: - Records

extension SQLiteStore {
    private static func stored(in database: Database, random: RandomSource) throws -> StoredCluster {
        guard let cluster = try read(ClusterID.self, "cluster", from: database) else {
            throw StoreError.damaged("it has no cluster id")
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
        try put("meta", key, JSONEncoder().encode(value), in: database)
    }

    /// The records of a table, by key. One that cannot be read is an error: a task that is left out would run twice.
    private static func all<Record: Decodable>(
        _ table: String, in database: Database, key: (Record) -> String
    ) throws -> [Record] {
        let rows = try Row.fetchCursor(database, sql: "SELECT key, value FROM \(table) ORDER BY key")
        var records: [Record] = []
        while let row = try rows.next() {
            let name: String = row["key"]
            let record = try decode(Record.self, from: row["value"], of: "\(table) \(name)")
            guard key(record) == name else {
                throw StoreError.damaged("the record of \(table) \(name) is that of \(key(record))")
            }
            records.append(record)
        }
        return records
    }

    /// The history: what cannot be read of it is left out, as nothing is decided by it.
    private static func events(in database: Database) throws -> [TaskEvent] {
        let decoder = JSONDecoder()
        return try Data.fetchAll(database, sql: "SELECT value FROM event ORDER BY key")
            .compactMap { try? decoder.decode(TaskEvent.self, from: $0) }  // As said.
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, of what: String) throws -> Value {
        do { return try JSONDecoder().decode(type, from: data) } catch {
            throw StoreError.damaged("the record of \(what) cannot be read: \(gist(of: error))")
        }
    }

    /// What is wrong with a record, without its values: they may be secrets.
    private static func gist(of error: any Error) -> String {
        let context: DecodingError.Context
        switch error as? DecodingError {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        default: return "it is not JSON"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "it is not JSON" : "\(path) is not what it must be"
    }

    /// - Throws: `StoreError.damaged` for a number that nothing ever counted to.
    private static func check(_ count: Int, _ name: String, of what: String) throws {
        guard Counter.isPlausible(count) else {
            throw StoreError.damaged("the \(name) of \(what) is \(count), which was never counted")
        }
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

extension StoredCluster {
    /// The same under the next term, above all that there have been in this directory.
    fileprivate func begun(after highest: Int) -> StoredCluster {
        var next = self
        // A file that is older than the last term was put in the place of the one that was used since.
        if term < highest { next.records.counters.skipLostFences() }
        next.term = max(term, highest) + 1
        return next
    }
}
