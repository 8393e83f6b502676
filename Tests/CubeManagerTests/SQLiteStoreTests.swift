import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import GRDB
import HashTreeCollections
import SystemPackage
import Testing

@testable import CubeManager

struct SQLiteStoreTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func `The term grows with each manager; the cluster id stays the same`() async throws {
        try await withDirectory { directory in
            let first = try await SQLiteStore.open(directory: directory).begin()
            let second = try await SQLiteStore.open(directory: directory).begin()
            #expect(first.term == 1 && second.term == 2)
            #expect(first.records == second.records)
        }
    }

    @Test func `Only the file's owner can access the store, and a commit is durable`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            _ = try await store.begin()
            for file in try FileManager.default.contentsOfDirectory(atPath: directory.string) {
                let path = directory.appending(file).string
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
            let settings = try await store.database.read { database in
                try ["journal_mode", "synchronous"].map { try String.fetchOne(database, sql: "PRAGMA \($0)") }
            }
            #expect(settings == ["wal", "2"])
        }
    }

    @Test func `The store of a newer program is refused and left unchanged`() async throws {
        try await withDirectory { directory in
            do {
                let store = try SQLiteStore.open(directory: directory)
                try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
                try store.database.close()
            }
            #expect(throws: StoreError.failed("the store has schema version 99; this program supports version 3")) {
                _ = try SQLiteStore.open(directory: directory)
            }
        }
    }

    @Test(arguments: [1, 2])
    func `The store of an older program gets the tables that it lacks, and keeps its contents`(version: Int)
        async throws
    {
        try await withDirectory { directory in
            let cluster: ClusterID
            do {
                let store = try SQLiteStore.open(directory: directory)
                cluster = try await store.begin().records.cluster
                try await store.database.writeWithoutTransaction {
                    if version < 2 { try $0.execute(sql: "DROP TABLE volume") }
                    try $0.execute(sql: "DROP TABLE token")
                    try $0.execute(sql: "PRAGMA user_version = \(version)")
                }
                try store.database.close()
            }
            let store = try SQLiteStore.open(directory: directory)
            #expect(try await store.begin().records.cluster == cluster)
            var changes = ClusterChanges()
            let volume = VolumeRecord(
                key: VolumeKey(owner: .default, name: "pgdata"), node: "w1", createdAt: Timestamp(milliseconds: 1),
                revision: 1)
            changes.volumes[volume.key] = .some(volume)
            let token = TokenRecord(
                name: "ci", role: .read, digest: .sha256(of: "secret"),
                lifetime: DurableDeadline(.seconds(60), from: DurableInstant(wall: Self.now)), createdBy: "local:write",
                createdFrom: "127.0.0.1")
            changes.tokens[token.name] = .some(token)
            try await store.commit(changes)
            let stored = try await store.begin().records
            #expect(stored.volumes[volume.key] == volume)
            #expect(stored.tokens[token.name] == token)
        }
    }

    @Test func `A commit that fails for lack of space stores nothing and loses nothing`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var history = History(records: try await store.begin().records)
            try await store.commit(history.step())
            let before = history.records
            try await store.database.writeWithoutTransaction { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            let error = await #expect(throws: StoreError.self) {
                for _ in 0..<100 { try await store.commit(history.step()) }
            }
            guard case .full = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try store.database.close()
            let stored = try await SQLiteStore.open(directory: directory).begin().records
            #expect(stored.counters.revision >= before.counters.revision)
            #expect(stored.counters.revision < history.records.counters.revision)
        }
    }

    @Test func `After a kill at any commit, the next manager finds exactly the committed state`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var history = History(records: try await store.begin().records)
            print("seed \(history.random.seed)")
            for step in 0..<30 {
                try await store.commit(history.step())
                let copy = try copyFiles(of: directory, to: directory.appending("killed-\(step)"))
                let found = try await SQLiteStore.open(directory: copy).begin()
                #expect(found.records == history.records)
                #expect(found.term == 2)
                #expect(found.events.map(\.revision) == history.events.map(\.revision))
            }
        }
    }

    @Test func `After the end of the log is torn off, the next manager finds one of the committed states`() async throws
    {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var history = History(records: try await store.begin().records)
            print("seed \(history.random.seed)")
            var committed = [history.records]
            for _ in 0..<20 {
                try await store.commit(history.step())
                committed.append(history.records)
            }
            for attempt in 0..<20 {
                let copy = try copyFiles(of: directory, to: directory.appending("torn-\(attempt)"))
                let log = copy.appending("cube.sqlite-wal").string
                let bytes = try Data(contentsOf: URL(filePath: log))
                // The pages of the schema come first; the rest may be cut anywhere.
                let length = Int.random(in: bytes.count / 2...bytes.count, using: &history.random)
                try bytes.prefix(length).write(to: URL(filePath: log))
                let found = try await SQLiteStore.open(directory: copy).begin().records
                #expect(committed.contains(found))
            }
        }
    }

    /// A random sequence of commands, each in its own transaction.
    private struct History {
        var random = SeededGenerator()
        var state: ClusterState
        var events: [TaskEvent] = []
        var records: ClusterRecords { state.records }

        init(records: ClusterRecords) {
            state = ClusterState(
                records: records, term: 1, policy: .spread, at: DurableInstant(wall: SQLiteStoreTests.now))
        }

        mutating func step() throws -> ClusterChanges {
            var transaction = ClusterTransaction(state, at: DurableInstant(wall: SQLiteStoreTests.now))
            for _ in 0..<Int.random(in: 1...3, using: &random) { command(&transaction) }
            transaction.finish()
            state = transaction.state
            events = (events + transaction.changes.events).suffix(1000)
            return transaction.changes
        }

        /// Runs a random command, which may be refused.
        private mutating func command(_ transaction: inout ClusterTransaction) {
            let name = WorkloadName(rawValue: ["web", "db"].randomElement(using: &random)!)!
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let worker = WorkerInfo(
                    name: .w1, version: "1", url: "unix:/w1", runtimes: ["process"],
                    capacity: ResourceSpec(millicores: 1000), bootID: "b",
                    incarnation: "\(Int.random(in: 0..<3, using: &random))")
                // A random command may be refused; the history goes on, here and below.
                _ = try? transaction.register(worker)
                let list = WorkerTaskList(complete: true, incarnation: "1", sequence: 1, tasks: [])
                // A refusal is fine, as above.
                _ = try? transaction.observe(list, from: .w1)
            case 1:
                let request = LeaseRequest(holder: "h", source: SourceID(rawValue: TestManager.cluster.rawValue)!)
                // A refusal is fine, here and below.
                _ = try? transaction.lease(.default, request)
                // A refusal is fine, as above.
                _ = try? transaction.direct(.default, Directive(verb: .suspend, subject: name.rawValue))
            case 2:
                if let id = transaction.state.records.tasks.keys.sorted().randomElement(using: &random) {
                    // A refusal is fine, as above.
                    _ = try? transaction.stop(id)
                }
            default:
                let slot = SlotKey(owner: .manual, name: name, ordinal: 0)
                let attempt = transaction.state.records.slots[slot]?.status.next ?? 0
                let definition = TaskDefinition(name: name, command: ["true"], env: ["A": "\(attempt)"])
                let id = TaskID.derive(
                    cluster: transaction.state.cluster, owner: .manual, name: name, ordinal: 0, attempt: attempt,
                    digest: definition.specDigest)
                let proposal = TaskProposal(
                    id: id, name: name, ordinal: 0, attempt: attempt, specDigest: definition.specDigest,
                    settingsDigest: definition.settingsDigest, source: "web.json", definition: definition)
                // A refusal is fine, as above.
                _ = try? transaction.schedule(ScheduleRequest(owner: .manual, maxLive: 5, task: proposal))
            }
        }
    }
}

/// Copies the files that would be on the disk if the process were killed now.
private func copyFiles(of directory: FilePath, to copy: FilePath) throws -> FilePath {
    try FileManager.default.createDirectory(atPath: copy.string, withIntermediateDirectories: false)
    for file in ["cube.sqlite", "cube.sqlite-wal"] {
        try FileManager.default.copyItem(atPath: directory.appending(file).string, toPath: copy.appending(file).string)
    }
    return copy
}

func withDirectory(_ body: (FilePath) async throws -> Void) async throws {
    let path = FilePath(NSTemporaryDirectory()).appending("cube-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    // A leftover temporary directory does no harm.
    defer { try? FileManager.default.removeItem(atPath: path.string) }
    try await body(path)
}
