import CubeCore
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

@Suite struct JournalTests {
    private let directory: TemporaryDirectory
    private let files = ObservedFileSystem()

    init() throws { directory = try TemporaryDirectory() }

    private func journal(rotationSize: Int = Journal.maximumBytes) -> Journal {
        Journal(
            directory: directory.path, files: files, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            rotationSize: rotationSize)
    }

    private func entry(_ ordinal: Int, name: String = "web", reason: String = "") throws -> JournalEntry {
        JournalEntry(
            at: Timestamp(milliseconds: 0), event: .intent, verb: "schedule", name: try WorkloadName(checking: name),
            ordinal: ordinal, id: try #require(TaskID(rawValue: "00000000-0000-0000-0000-000000000001")),
            rule: "missing", reason: reason, plan: .sha256(of: []))
    }

    /// Writes each group of entries with a new journal, as after a restart.
    private func write(_ groups: [[JournalEntry]], rotationSize: Int = Journal.maximumBytes) async {
        for group in groups {
            let journal = journal(rotationSize: rotationSize)
            journal.record(group)
            journal.finish()
            await journal.run()
        }
    }

    private func ordinals(of name: String = "web") throws -> [Int] {
        try Journal.entries(of: try WorkloadName(checking: name), in: directory.path, files: files).map(\.ordinal)
    }

    private func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path.string).sorted()
    }

    @Test func `entries of a workload are read back in order, across restarts`() async throws {
        await write([[try entry(0), try entry(7, name: "db")], [try entry(1)]])
        #expect(try ordinals() == [0, 1])
        #expect(try ordinals(of: "db") == [7])
        #expect(try fileNames() == ["journal.ndjson"])
    }

    @Test func `a full file is rotated, the three newest old files are kept, and reading goes through all of them`()
        async throws
    {
        // Each entry fills a file.
        await write(try (0..<6).map { [try entry($0)] }, rotationSize: 1)
        #expect(try fileNames() == ["journal.ndjson.1", "journal.ndjson.2", "journal.ndjson.3"])
        #expect(try ordinals() == [3, 4, 5])
        await write([[try entry(6)]])
        #expect(try fileNames().first == "journal.ndjson")
        #expect(try ordinals() == [3, 4, 5, 6])
    }

    @Test func `a truncated line is skipped`() async throws {
        await write([[try entry(0)]])
        let path = directory.path.appending("journal.ndjson")
        _ = try files.append(Array(#"{"at":"2026-01-02T03:04:05Z","name":"web","or"#.utf8), to: path)
        _ = try files.append(Array("\n".utf8), to: path)
        await write([[try entry(1)]])
        #expect(try ordinals() == [0, 1])
    }

    @Test func `entries that cannot be written or queued are dropped and counted`() async throws {
        let journal = journal()
        files.fail("journal.ndjson", with: .noSpace)
        journal.record([try entry(0), try entry(1)])
        // The queue holds 4 MiB.
        let padding = String(repeating: "x", count: 4 << 20)
        journal.record([try entry(2, reason: padding)])
        #expect(journal.dropped == 1)
        journal.finish()
        await journal.run()
        #expect(journal.dropped == 3)
        files.fail("journal.ndjson", with: nil)
        await write([[try entry(3)]])
        #expect(try ordinals() == [3])
    }
}
