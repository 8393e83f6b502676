import CubeCore
import CubeTypes
import Foundation
import GRDB
import HashTreeCollections
import SystemPackage
import Testing

@testable import CubeManager

/// Stores that are lost, damaged, removed or restored.
struct StoreRestorationTests {
    private static let node = NodeName(rawValue: "w1")!

    /// Registers a worker whose version identifies this change later.
    private static func register(_ version: String, in store: SQLiteStore, _ records: inout ClusterRecords) async throws
    {
        let state = ClusterState(
            records: records, term: 1, policy: .spread, at: DurableInstant(wall: Timestamp(milliseconds: 0)))
        var transaction = ClusterTransaction(state, at: DurableInstant(wall: Timestamp(milliseconds: 0)))
        _ = try transaction.register(
            WorkerInfo(
                name: node, version: version, url: "unix:/w", runtimes: ["process"],
                capacity: ResourceSpec(millicores: 1000), bootID: "b", incarnation: "1"))
        records = transaction.state.records
        try await store.commit(transaction.changes)
    }

    private static func version(_ stored: StoredCluster) -> String? { stored.records.nodes[node]?.worker.version }

    @Test func `an older copy of the store gets new fences and a higher term than the current store`() async throws {
        try await withDirectory { directory in
            let file = directory.appending("cube.sqlite").string
            let first = try SQLiteStore.open(directory: directory)
            var records = try await first.begin().records
            try await Self.register("old", in: first, &records)
            try first.database.close()
            try FileManager.default.copyItem(atPath: file, toPath: file + ".copy")
            for version in ["new", "newer"] {
                let store = try SQLiteStore.open(directory: directory)
                _ = try await store.begin()
                try await Self.register(version, in: store, &records)
                try store.database.close()
            }
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.moveItem(atPath: file + ".copy", toPath: file)
            let restored = try await SQLiteStore.open(directory: directory).begin()
            #expect(Self.version(restored) == "old")
            #expect(restored.term == 4)
            #expect(restored.records.counters.fence >= 1_000_000)
            // The next manager knows it too, even if this one stores nothing else.
            let again = try await SQLiteStore.open(directory: directory).begin()
            #expect(again.records.counters == restored.records.counters)
            #expect(again.records.counters.restoredAt != nil)
        }
    }

    @Test func `leftover temporary copies are removed, backups of users are not`() async throws {
        try await withDirectory { directory in
            let names = [".cube-copy-1.sqlite", "backup-2026-11-28.sqlite"]
            for name in names {
                #expect(FileManager.default.createFile(atPath: directory.appending(name).string, contents: Data()))
            }
            try SQLiteStore.open(directory: directory).database.close()
            #expect(
                names.map { FileManager.default.fileExists(atPath: directory.appending($0).string) } == [false, true])
        }
    }

    @Test func `the loss of the log changes no cluster id and repeats no term`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            let first = try await store.begin()
            var records = first.records
            try await Self.register("lost", in: store, &records)
            // The contents of the disk without the log.
            let copy = directory.appending("copy")
            try FileManager.default.createDirectory(atPath: copy.string, withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                atPath: directory.appending("cube.sqlite").string, toPath: copy.appending("cube.sqlite").string)
            let second = try await SQLiteStore.open(directory: copy).begin()
            #expect(second.records.cluster == first.records.cluster)
            #expect(second.term == first.term + 1)
        }
    }

    @Test func `a manager whose file was deleted acknowledges nothing`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var records = try await store.begin().records
            try store.check()
            try FileManager.default.removeItem(atPath: directory.appending("cube.sqlite").string)
            #expect(throws: StoreError.self) { try store.check() }
            await #expect(throws: StoreError.self) { try await Self.register("1", in: store, &records) }
            // Another file in its place does not help.
            try Data().write(to: URL(filePath: directory.appending("cube.sqlite").string))
            let error = try #require(throws: StoreError.self) { try store.check() }
            #expect("\(error)".contains("was deleted or replaced"))
        }
    }

    @Test(arguments: [
        ("UPDATE node SET value = X'7B'", "node w1 is unreadable: it is not JSON"),
        ("UPDATE node SET value = replace(value, '\"revision\"', '\"revisionx\"')", "revision is missing"),
        ("UPDATE node SET key = 'w2'", "the record of node w2 holds w1 instead"),
        (
            "UPDATE meta SET value = '9223372036854775807' WHERE key = 'term'",
            "9223372036854775807, which is out of range"
        ),
        (
            "UPDATE meta SET value = '{\"revision\":9223372036854775807,\"fence\":0}' WHERE key = 'counters'",
            "the revision of"
        ),
        ("DELETE FROM meta WHERE key = 'cluster'", ""),
    ])
    func `the error names the damaged record, and nothing traps`(damage: String, message: String) async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var records = try await store.begin().records
            try await Self.register("1", in: store, &records)
            try await store.database.writeWithoutTransaction { try $0.execute(sql: damage) }
            try store.database.close()
            let next = try SQLiteStore.open(directory: directory)
            guard !message.isEmpty else {
                // A store without a cluster id counts as new.
                #expect(try await next.begin().records.cluster != records.cluster)
                return
            }
            let error = await #expect(throws: StoreError.self) { _ = try await next.begin() }
            guard case .damaged(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(message), "\(text)")
        }
    }

    @Test func `a store with a flipped byte opens or fails with a store error`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var records = try await store.begin().records
            try await Self.register("1", in: store, &records)
            try store.database.close()
            let file = URL(filePath: directory.appending("cube.sqlite").string)
            let intact = try Data(contentsOf: file)
            var refused = 0
            for offset in stride(from: 0, to: intact.count, by: 997) {
                var bytes = intact
                bytes[offset] ^= 0xff
                try bytes.write(to: file)
                do {
                    _ = try await SQLiteStore.open(directory: directory).begin()
                } catch is StoreError {
                    refused += 1
                } catch {
                    Issue.record("byte \(offset): \(error)")
                }
                // The files usually do not exist.
                for suffix in ["-wal", "-journal"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
            }
            #expect(refused > 0)
        }
    }

    @Test func `a backup is the state of one moment, in one file that only its owner can access`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore.open(directory: directory)
            var records = try await store.begin().records
            try await Self.register("saved", in: store, &records)
            let backup = try await store.backup()
            try await Self.register("later", in: store, &records)
            var bytes: [UInt8] = []
            while case let chunk = try await backup.read(), !chunk.isEmpty { bytes += chunk }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.string).filter { $0.contains("backup") }
                    == [])
            try store.database.close()

            let candidate = directory.appending("candidate.sqlite")
            try Data(bytes).write(to: URL(filePath: candidate.string))
            let restoration = try await StoreRestoration.check(candidate, in: directory, seenTerm: 7)
            #expect(restoration.cluster == records.cluster)
            let kept = try #require(try restoration.carryOut())
            #expect(FileManager.default.fileExists(atPath: kept.string))
            let restored = try await SQLiteStore.open(directory: directory).begin()
            #expect(Self.version(restored) == "saved")
            #expect(restored.term > 7)
        }
    }

    @Test func `a file that is no backup is refused`() async throws {
        try await withDirectory { directory in
            for content in ["garbage that is longer than a header", ""] {
                let candidate = directory.appending("candidate.sqlite")
                try Data(content.utf8).write(to: URL(filePath: candidate.string))
                await #expect(throws: StoreError.self) {
                    try await StoreRestoration.check(candidate, in: directory, seenTerm: 0)
                }
            }
        }
    }
}
