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

    @Test func `A root that comes with the directories above it is told as soon as the first of them comes`()
        async throws
    {
        let watcher = DirectoryWatcher.make()
        let source = DirectorySource(
            directory.path.appending("x/y/manifests"), files: LocalFileSystem(), watcher: watcher
        ) { Timestamp(milliseconds: .max / 2) }
        for directoryThatComes in ["x", "x/y", "x/y/manifests"] {
            #expect(await source.look(at: .everything)?.root == nil)
            try directory.makeDirectory(directoryThatComes)
            for await _ in watcher.signals where watcher.take().everything { break }
        }
        #expect(await source.look(at: .everything)?.root != nil)
        try directory.write(manifest("e"), to: "x/y/manifests/e.json")
        for await _ in watcher.signals where watcher.take().entries.contains("e.json") { break }
    }

    @Test func `A link above the root that is swapped is told, whatever the links lead through`() async throws {
        for version in ["1", "2", "3"] {
            try directory.write(manifest("a", version), to: "releases/\(version)/manifests/a.json")
        }
        try directory.link("live", to: "releases/1")
        try directory.link("current", to: "live")
        let watcher = DirectoryWatcher.make()
        let source = DirectorySource(
            directory.path.appending("current/manifests"), files: LocalFileSystem(), watcher: watcher
        ) { Timestamp(milliseconds: .max / 2) }
        let first = try #require(await source.look(at: .everything))
        func swapped(_ link: String, to target: String) async throws -> ManifestSnapshot? {
            try directory.link("new", to: target)
            try directory.move("new", to: link)
            for await _ in watcher.signals where watcher.take().everything { break }
            return await source.look(at: .everything)
        }
        // The link itself, and then a link that it leads through.
        let second = try #require(await swapped("current", to: "releases/2"))
        #expect(second.files.keys.sorted() == ["a.json"] && second.files != first.files)
        _ = try await swapped("current", to: "live")
        let third = try #require(await swapped("live", to: "releases/3"))
        #expect(third.files.keys.sorted() == ["a.json"] && third.files != second.files)
    }

    @Test func `A file that a manifest names is watched, also where its directory is none of the source`() async throws
    {
        let files =
            #", "files": [{"source": ".conf/deep/web.conf", "target": "x"}, {"source": "alias", "target": "y"}]"#
        try directory.write("1", to: "manifests/.conf/deep/web.conf")
        try directory.write("1", to: "manifests/.store/v1/x.conf")
        try directory.link("manifests/.store/current", to: "v1")
        try directory.link("manifests/alias", to: ".store/current/x.conf")
        try directory.write(manifest("a", more: files), to: "manifests/a.json")
        _ = await source.look(at: .everything)
        _ = watcher.take()

        /// What the files of the manifest hold once the watcher has told of an entry.
        func told(_ path: BytePath) async -> [String] {
            let change = await change { $0.entries.contains(path) }
            guard case .readable(let workloads, _)? = await source.look(at: .entries(change.entries))?.files["a.json"]
            else { return [] }
            return workloads[0].definition.files.map { String(decoding: $0.source.content ?? [], as: UTF8.self) }
        }
        try move("22", to: "manifests/.conf/deep/web.conf")
        #expect(await told(".conf/deep/web.conf") == ["22", "1"])
        try move("22", to: "manifests/.store/v1/x.conf")
        #expect(await told(".store/v1/x.conf") == ["22", "22"])
        // The link on the way leads elsewhere, and what it leads to is watched from then on.
        try directory.write("3", to: "manifests/.store/v2/x.conf")
        try directory.link("manifests/.store/new", to: "v2")
        try directory.move("manifests/.store/new", to: "manifests/.store/current")
        #expect(await told(".store/current") == ["22", "3"])
        try move("44", to: "manifests/.store/v2/x.conf")
        #expect(await told(".store/v2/x.conf") == ["22", "44"])
        // A manifest in such a directory is none.
        try directory.write(manifest("hidden"), to: "manifests/.conf/deep/hidden.json")
        try move("5", to: "manifests/.conf/deep/web.conf")
        #expect(await told(".conf/deep/web.conf") == ["5", "44"])
        #expect(await source.look(at: .everything)?.files.keys.sorted() == ["a.json", "sub/b.json"])
    }

    /// Puts a whole file in the place of one, so that nobody reads a part of it.
    private func move(_ text: String, to name: String) throws {
        try directory.write(text, to: "new")
        try directory.move("new", to: name)
    }

    @Test func `What a link leads to is watched, and a link on its way that is swapped shows all that is behind it`()
        async throws
    {
        try directory.write(manifest("x", "1"), to: "manifests/.store/v1/x.json")
        try directory.write(manifest("x", "2"), to: "manifests/.store/v2/x.json")
        try directory.write(manifest("y", "2"), to: "manifests/.store/v2/y.json")
        try directory.link("manifests/.store/current", to: "v1")
        try directory.link("manifests/team", to: ".store/current")
        _ = await source.look(at: .everything)
        _ = watcher.take()

        try move(manifest("x", "11"), to: "manifests/.store/v1/x.json")
        let edited = await change { !$0.entries.isEmpty }
        #expect(await source.look(at: .entries(edited.entries))?.files.keys.sorted() == ["team/x.json"])
        try directory.link("manifests/.store/new", to: "v2")
        try directory.move("manifests/.store/new", to: "manifests/.store/current")
        let swapped = await change { $0.entries.contains(".store/current") }
        let after = try #require(await source.look(at: .entries(swapped.entries)))
        #expect(after.files.keys.sorted() == ["a.json", "sub/b.json", "team/x.json", "team/y.json"])
    }
}
