import CubeCore
import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeReconciler

/// On the real inotify; each test waits for the watcher to say that something changed, which the time limit bounds.
@Suite(.timeLimit(.minutes(1))) struct DirectoryWatcherTests {
    private let directory: TemporaryDirectory
    private let watcher = DirectoryWatcher.make()
    private let source: DirectorySource

    init() async throws {
        directory = try TemporaryDirectory()
        try directory.write(manifest("a"), to: "manifests/a.json")
        try directory.write(manifest("b"), to: "manifests/sub/b.json")
        source = DirectorySource(
            directory.path.appending("manifests"), files: LocalFileSystem(), watcher: watcher
        ) { Timestamp(milliseconds: .max / 2) }
        _ = await source.look(at: .everything)
        try #require(watcher.problem == nil)
    }

    /// Merges what the watcher says until the condition holds.
    private func change(until isDone: (SourceChange) -> Bool) async -> SourceChange {
        var change = SourceChange()
        for await _ in watcher.signals {
            change.merge(watcher.take())
            if isDone(change) { break }
        }
        return change
    }

    @Test func `An edit, a new file and one that went are told by their paths`() async throws {
        try directory.write(manifest("a", "2"), to: "manifests/a.json")
        try directory.write(manifest("c"), to: "manifests/sub/c.json")
        try directory.remove("manifests/sub/b.json")
        let change = await change { $0.entries.isSuperset(of: ["a.json", "sub/b.json", "sub/c.json"]) }
        #expect(change.entries == ["a.json", "sub/b.json", "sub/c.json"])
        #expect(!change.everything)
    }

    @Test func `A directory that came is watched once it was looked at`() async throws {
        try directory.makeDirectory("manifests/new")
        let came = await change { $0.entries.contains("new") }
        #expect(await source.look(at: .entries(came.entries)) == nil)
        try directory.write(manifest("d"), to: "manifests/new/d.json")
        #expect(await change { $0.entries.contains("new/d.json") }.entries == ["new/d.json"])
    }

    @Test func `A directory that was renamed is told by its new name`() async throws {
        try directory.move("manifests/sub", to: "manifests/moved")
        let moved = await change { $0.entries.isSuperset(of: ["sub", "moved"]) }
        let snapshot = try #require(await source.look(at: .entries(moved.entries)))
        #expect(snapshot.files.keys.sorted() == ["a.json", "moved/b.json"])
        try directory.write(manifest("b", "2"), to: "manifests/moved/b.json")
        #expect(await change { $0.entries.contains("moved/b.json") }.entries.contains("sub/b.json") == false)
    }

    @Test func `A root that goes and one that comes in its place are told`() async throws {
        try directory.move("manifests", to: "away")
        #expect(await change { $0.everything }.everything)
        let missing = await source.look(at: .everything)
        #expect(missing?.root == nil)
        try directory.makeDirectory("manifests")
        #expect(await change { $0.everything }.everything)
        #expect(await source.look(at: .everything)?.root != nil)
        try directory.write(manifest("e"), to: "manifests/e.json")
        #expect(await change { $0.entries.contains("e.json") }.everything == false)
    }
}
