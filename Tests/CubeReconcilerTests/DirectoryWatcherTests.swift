import CubeCore
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeReconciler

/// Uses real inotify. Each test waits until the watcher reports a change; the suite's time limit bounds the wait.
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

    /// Merges the reported changes until the condition holds.
    private func change(until isDone: (SourceChange) -> Bool) async -> SourceChange {
        var change = SourceChange()
        for await _ in watcher.signals {
            change.merge(watcher.take())
            if isDone(change) { break }
        }
        return change
    }

    @Test func `An edited, a new and a removed file are reported by their paths`() async throws {
        try directory.write(manifest("a", "2"), to: "manifests/a.json")
        try directory.write(manifest("c"), to: "manifests/sub/c.json")
        try directory.remove("manifests/sub/b.json")
        let change = await change { $0.entries.isSuperset(of: ["a.json", "sub/b.json", "sub/c.json"]) }
        #expect(change.entries == ["a.json", "sub/b.json", "sub/c.json"])
        #expect(!change.everything)
    }

    @Test func `A file that a program is writing is reported as open, and as changed when the program closes it`()
        async throws
    {
        let path = directory.path.appending("manifests/c.json")
        let file = try FileDescriptor.open(path, .writeOnly, options: [.create], permissions: .ownerReadWrite)
        try file.writeAll(manifest("c").utf8)
        let written = await change { !$0.open.isEmpty }
        #expect(written == SourceChange(open: ["c.json"]))
        // Changes of its attributes and of other files do not end the wait.
        try directory.write(manifest("a", "2"), to: "manifests/a.json")
        #expect(chmod(path.string, 0o644) == 0)
        let other = await change { $0.entries.contains("a.json") }
        #expect(other == SourceChange(entries: ["a.json"], open: ["c.json"]))
        try file.close()
        #expect(await change { !$0.entries.isEmpty } == SourceChange(entries: ["c.json"]))
    }

    @Test func `A new link is complete at once`() async throws {
        try directory.link("manifests/link.json", to: "a.json")
        #expect(await change { !$0.entries.isEmpty } == SourceChange(entries: ["link.json"]))
        #expect(
            link(
                directory.path.appending("manifests/a.json").string,
                directory.path.appending("manifests/hard.json").string)
                == 0)
        let hard = await change { $0.entries.contains("hard.json") }
        #expect(hard.open.isEmpty)
    }

    @Test func `A new directory is watched after a look at it`() async throws {
        try directory.makeDirectory("manifests/new")
        let came = await change { $0.entries.contains("new") }
        #expect(await source.look(at: .entries(came.entries)) == nil)
        try directory.write(manifest("d"), to: "manifests/new/d.json")
        #expect(await change { $0.entries.contains("new/d.json") }.entries == ["new/d.json"])
    }

    @Test func `Changes in a renamed directory are reported with its new name`() async throws {
        try directory.move("manifests/sub", to: "manifests/moved")
        let moved = await change { $0.entries.isSuperset(of: ["sub", "moved"]) }
        let snapshot = try #require(await source.look(at: .entries(moved.entries)))
        #expect(snapshot.files.keys.sorted() == ["a.json", "moved/b.json"])
        try directory.write(manifest("b", "2"), to: "manifests/moved/b.json")
        #expect(await change { $0.entries.contains("moved/b.json") }.entries.contains("sub/b.json") == false)
    }

    @Test func `The removal and the creation of the root are reported`() async throws {
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

    @Test func `A missing root is reported as soon as the first of its missing parents is created`()
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

    @Test func `The replacement of any link on the path to the root is reported`() async throws {
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
        // First the link itself, then another link on its path.
        let second = try #require(await swapped("current", to: "releases/2"))
        #expect(second.files.keys.sorted() == ["a.json"] && second.files != first.files)
        _ = try await swapped("current", to: "live")
        let third = try #require(await swapped("live", to: "releases/3"))
        #expect(third.files.keys.sorted() == ["a.json"] && third.files != second.files)
    }

    @Test func `A file that a manifest refers to is watched, even outside the source's directories`() async throws {
        let files =
            #", "files": [{"source": ".conf/deep/web.conf", "target": "x"}, {"source": "alias", "target": "y"}]"#
        try directory.write("1", to: "manifests/.conf/deep/web.conf")
        try directory.write("1", to: "manifests/.store/v1/x.conf")
        try directory.link("manifests/.store/current", to: "v1")
        try directory.link("manifests/alias", to: ".store/current/x.conf")
        try directory.write(manifest("a", more: files), to: "manifests/a.json")
        _ = await source.look(at: .everything)
        _ = watcher.take()

        /// Returns the contents of the manifest's files once the watcher has reported an entry.
        func contentsAfterChange(_ path: BytePath) async -> [String] {
            let change = await change { $0.entries.contains(path) }
            guard case .readable(let workloads, _)? = await source.look(at: .entries(change.entries))?.files["a.json"]
            else { return [] }
            return workloads[0].definition.files.map { String(decoding: $0.source.content ?? [], as: UTF8.self) }
        }
        try move("22", to: "manifests/.conf/deep/web.conf")
        #expect(await contentsAfterChange(".conf/deep/web.conf") == ["22", "1"])
        try move("22", to: "manifests/.store/v1/x.conf")
        #expect(await contentsAfterChange(".store/v1/x.conf") == ["22", "22"])
        // After a link on the path changes, its new target is watched.
        try directory.write("3", to: "manifests/.store/v2/x.conf")
        try directory.link("manifests/.store/new", to: "v2")
        try directory.move("manifests/.store/new", to: "manifests/.store/current")
        #expect(await contentsAfterChange(".store/current") == ["22", "3"])
        try move("44", to: "manifests/.store/v2/x.conf")
        #expect(await contentsAfterChange(".store/v2/x.conf") == ["22", "44"])
        // A manifest in such a directory does not belong to the source.
        try directory.write(manifest("hidden"), to: "manifests/.conf/deep/hidden.json")
        try move("5", to: "manifests/.conf/deep/web.conf")
        #expect(await contentsAfterChange(".conf/deep/web.conf") == ["5", "44"])
        #expect(await source.look(at: .everything)?.files.keys.sorted() == ["a.json", "sub/b.json"])
    }

    /// Replaces a file atomically, so that no reader sees a part of it.
    private func move(_ text: String, to name: String) throws {
        try directory.write(text, to: "new")
        try directory.move("new", to: name)
    }

    @Test func `Link targets are watched, and replacing a link on the way reveals everything behind it`()
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
