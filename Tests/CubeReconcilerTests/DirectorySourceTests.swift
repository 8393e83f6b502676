import CubeCore
import CubeJSON
import CubeTesting
import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeReconciler

@Suite struct DirectorySourceTests {
    private let directory: TemporaryDirectory
    private let files = ObservedFileSystem()
    private let clock: ManualClock
    private let source: DirectorySource

    init() throws {
        directory = try TemporaryDirectory()
        try directory.makeDirectory("manifests")
        // Later than all file times, so that no file counts as read too soon after a change.
        clock = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) + 60_000))
        source = Self.source(directory, files, clock)
    }

    private static func source(
        _ directory: TemporaryDirectory, _ files: ObservedFileSystem, _ clock: ManualClock
    ) -> DirectorySource {
        DirectorySource(directory.path.appending("manifests"), files: files) { clock.timestamp }
    }

    private func write(_ text: String, to name: String) throws { try directory.write(text, to: "manifests/\(name)") }

    private func lookAtEverything() async throws -> ManifestSnapshot {
        try #require(await source.look(at: .everything))
    }

    @Test func `Manifests are found at any depth, and editors' temporary files are skipped`() async throws {
        for name in ["web.json", "team/db.json", "team/deep/er/job.json"] { try write(manifest("a"), to: name) }
        for name in [".web.json.swp", "web.json~", "#web.json#", ".#web.json", "4913", "notes.txt", ".git/x.json"] {
            try write("{", to: name)
        }
        let snapshot = try await lookAtEverything()
        #expect(snapshot.files.keys.sorted() == ["team/db.json", "team/deep/er/job.json", "web.json"])
        #expect(snapshot.isComplete && !snapshot.isPartial && snapshot.problems.isEmpty)
        #expect(snapshot.root != nil)
    }

    @Test func `An unchanged file is not read again`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "b.json")
        let first = try await lookAtEverything()
        #expect(files.takeReads().sorted() == ["a.json", "b.json"])

        try write(manifest("b", "22"), to: "b.json")
        let second = try await lookAtEverything()
        #expect(files.takeReads() == ["b.json"])
        #expect(first.files["a.json"] == second.files["a.json"])
        #expect(first.files["b.json"] != second.files["b.json"])
    }

    @Test func `A look at entries returns only changes, and reads a file that replaced another`()
        async throws
    {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "b.json")
        _ = try await lookAtEverything()
        #expect(await source.look(at: .entries(["a.json", "b.json"])) == nil)

        try write(manifest("b", "2"), to: ".new")
        try directory.move("manifests/.new", to: "manifests/b.json")
        let change = try #require(await source.look(at: .entries([".new", "b.json"])))
        #expect(change.isPartial)
        #expect(change.files.mapValues(\.names) == ["b.json": ["b"]])
    }

    @Test func `A removed file causes a complete listing, without reading the other files`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "sub/b.json")
        _ = try await lookAtEverything()
        _ = files.takeReads()
        try directory.remove("manifests/sub")
        let change = try #require(await source.look(at: .entries(["sub"])))
        #expect(!change.isPartial && change.isComplete)
        #expect(change.files.keys.sorted() == ["a.json"])
        #expect(files.takeReads() == [])
    }

    @Test(arguments: [10, 1000])
    func `An edit reads one file and a deletion none, however many files there are`(count: Int) async throws {
        for number in 0..<count { try write(manifest("w\(number)"), to: "w\(number).json") }
        _ = try await lookAtEverything()
        _ = (files.takeReads(), files.takeLooks())

        try write(manifest("w0", "22"), to: "w0.json")
        #expect(await source.look(at: .entries(["w0.json"]))?.files.keys.sorted() == ["w0.json"])
        #expect(files.takeReads() == ["w0.json"])
        #expect(files.takeLooks() == (looks: 2, lists: 0))  // The file and its directory.

        try directory.remove("manifests/w1.json")
        #expect(await source.look(at: .entries(["w1.json"]))?.files.count == count - 1)
        #expect(files.takeLooks() == (looks: 2, lists: 1))
        #expect(await source.look(at: .names)?.files.count == count - 1)
        #expect(files.takeLooks() == (looks: 0, lists: 1))
        #expect(files.takeReads() == [])

        _ = try await lookAtEverything()
        #expect(files.takeLooks() == (looks: count - 1, lists: 1))
        #expect(files.takeReads() == [])
    }

    @Test func `A rescan without changes looks once at each file, and a single change is found`() async throws {
        for number in 0..<200 { try write(manifest("w\(number)"), to: "sub/w\(number).json") }
        let first = try await lookAtEverything()
        _ = files.takeLooks()
        for known in [[], ["sub"], ["sub"]] {
            #expect(try await lookAtEverything().files == first.files)
            #expect(files.takeLooks() == (looks: 200, lists: 2))
            #expect(files.takeKnown() == known)
        }
        _ = files.takeReads()
        try write(manifest("w7", "22"), to: "sub/w7.json")
        #expect(try await lookAtEverything().files["sub/w7.json"] != first.files["sub/w7.json"])
        #expect(files.takeReads() == ["sub/w7.json"])
    }

    @Test func `A directory that comes back with its files is read again`() async throws {
        try write(manifest("a"), to: "sub/a.json")
        for _ in 0..<2 { _ = try await lookAtEverything() }
        try directory.move("manifests/sub", to: "manifests/.away")
        #expect(try await lookAtEverything().files == [:])
        try directory.move("manifests/.away", to: "manifests/sub")
        #expect(try await lookAtEverything().files.mapValues(\.names) == ["sub/a.json": ["a"]])
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `However the files change, a look finds what a first look finds`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let directories = ["a", "b", "a/c"]
        for place in directories { try directory.makeDirectory("manifests/\(place)") }
        try directory.write("shared", to: "manifests/text")
        // Each second seed begins at the present time, so that its first files were read too soon after their changes.
        let clock =
            seed.isMultiple(of: 2)
            ? clock : ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let source = Self.source(directory, files, clock)
        // An operation that is impossible in the current state changes nothing.
        func attempt(_ operation: () throws -> Void) { try? operation() }
        for step in 0..<80 {
            let place = directories.randomElement(using: &random)!
            let name = "\(place)/f\(Int.random(in: 0..<4, using: &random)).json"
            // Each content has its own length, as the clock of the file system may stand still between two writes.
            let length = String(repeating: "1", count: step + 1)
            let attaching = #", "files": [{"path": "t", "from": "../text"}]"#
            let text = manifest("w\(step)", length, more: place != "a/c" && step % 7 == 0 ? attaching : "")
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1, 2: attempt { try write(text, to: name) }
            case 3:
                try write(text, to: ".new")
                attempt { try directory.move("manifests/.new", to: "manifests/\(name)") }
            case 4: attempt { try directory.remove("manifests/\(name)") }
            case 5: attempt { try directory.move("manifests/\(place)", to: "manifests/.away") }
            case 6: attempt { try directory.move("manifests/.away", to: "manifests/\(place)") }
            case 7: attempt { try directory.link("manifests/\(name)", to: "f0.json") }
            case 8: try directory.write(length, to: "manifests/text")
            default: attempt { try directory.makeDirectory("manifests/\(name)") }
            }
            clock.advance(by: .milliseconds(Int.random(in: 0..<3000, using: &random)))
            let extent = [DirectorySource.Extent.everything, .everything, .names].randomElement(using: &random)!
            _ = await source.look(at: extent)
            let fresh = try #require(await Self.source(directory, files, clock).look(at: .everything))
            for _ in 0..<2 {
                let found = try #require(await source.look(at: .everything))
                #expect(found.files == fresh.files, "step \(step)")
                #expect(found.isComplete == fresh.isComplete)
                #expect(found.warnings == fresh.warnings)
            }
        }
        // The time of the test may pass more slowly than that of the file system, which makes every change recent.
        if seed.isMultiple(of: 2) { #expect(files.takeKnown().count > 10) }
    }

    @Test func `A file that changes while another is removed is read`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "b.json")
        _ = try await lookAtEverything()
        try directory.remove("manifests/a.json")
        try write(String(manifest("b").dropLast(5)), to: "b.json")
        let change = try #require(await source.look(at: .entries(["a.json", "b.json"])))
        #expect(change.files.mapValues(\.reasons) == ["b.json": [.syntax]])
    }

    @Test func `A directory that replaces another is read again, even if its files have the same names`() async throws {
        try write(manifest("a", "1"), to: "sub/a.json")
        try write(manifest("a", "2"), to: ".other/a.json")
        let before = try await lookAtEverything()
        try directory.remove("manifests/sub")
        try directory.move("manifests/.other", to: "manifests/sub")
        let after = try #require(await source.look(at: .entries(["sub"])))
        #expect(after.files.keys.sorted() == ["sub/a.json"])
        #expect(after.files != before.files)
    }

    @Test func `A half-written file is unreadable and not absent`() async throws {
        try write(manifest("a"), to: "a.json")
        _ = try await lookAtEverything()
        try write(String(manifest("a").dropLast(5)), to: "a.json")
        let change = try #require(await source.look(at: .entries(["a.json"])))
        #expect(change.files.mapValues(\.reasons) == ["a.json": [.syntax]])
    }

    @Test func `A file that changes while it is read is read again`() async throws {
        try write(manifest("a"), to: "a.json")
        let path = directory.path.appending("manifests/a.json").string
        let text = manifest("b", "another")
        files.whileReading("a.json") { _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) }
        let snapshot = try await lookAtEverything()
        #expect(snapshot.files.mapValues(\.names) == ["a.json": ["b"]])
        #expect(files.takeReads() == ["a.json", "a.json"])
    }

    @Test func `A file that was read right after a change is read again`() async throws {
        let clock = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let source = Self.source(directory, files, clock)
        try write(manifest("a"), to: "a.json")
        _ = await source.look(at: .everything)
        #expect(await source.nextReread == clock.timestamp + .seconds(2))
        #expect(await source.look(at: .entries([])) == nil)
        #expect(files.takeReads() == ["a.json"])

        clock.advance(by: .seconds(2))
        #expect(await source.look(at: .entries([])) == nil)
        #expect(files.takeReads() == ["a.json"])
        #expect(await source.nextReread == nil)
    }

    @Test func `A file without read permission is unreadable and not absent`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "b.json")
        _ = try await lookAtEverything()
        files.fail("a.json", with: .permissionDenied)
        try write(manifest("a", "2"), to: "a.json")
        let snapshot = try await lookAtEverything()
        #expect(snapshot.files.mapValues(\.reasons) == ["a.json": [.unreadable], "b.json": []])
        #expect(snapshot.isComplete)

        files.fail("a.json", with: nil)
        let healed = try await lookAtEverything()
        #expect(healed.files.mapValues(\.names) == ["a.json": ["a"], "b.json": ["b"]])
    }

    @Test func `A directory that cannot be listed makes the look incomplete`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "sub/b.json")
        _ = try await lookAtEverything()
        files.fail("sub", with: .permissionDenied)
        let snapshot = try await lookAtEverything()
        #expect(!snapshot.isComplete)
        #expect(snapshot.problems.map(\.summary) == ["sub cannot be listed: Permission denied"])
        #expect(snapshot.files.keys.sorted() == ["a.json"])

        // Its permissions change, which is an event of the directory alone.
        files.fail("sub", with: nil)
        let healed = try #require(await source.look(at: .entries(["sub"])))
        #expect(healed.isComplete && !healed.isPartial && healed.files.keys.sorted() == ["a.json", "sub/b.json"])
    }

    @Test func `A root that is missing or replaced is reported`() async throws {
        try write(manifest("a"), to: "a.json")
        let first = try await lookAtEverything()

        try directory.move("manifests", to: "away")
        let missing = try #require(await source.look(at: .entries(["a.json"])))
        #expect(missing.root == nil && !missing.isComplete && missing.files.isEmpty && !missing.isPartial)
        #expect(missing.problems.count == 1)

        try directory.makeDirectory("manifests")
        let replaced = try #require(await source.look(at: .entries([])))
        #expect(replaced.root != nil && replaced.root != first.root)
        #expect(replaced.isComplete && replaced.files.isEmpty)
    }

    @Test func `A link within the root is followed, a link out of the root is not`() async throws {
        try directory.write(manifest("secret"), to: "outside/secret.json")
        try write(manifest("a"), to: "real/a.json")
        try directory.link("manifests/in.json", to: "real/a.json")
        try directory.link("manifests/absolute.json", to: directory.path.appending("manifests/real/a.json").string)
        try directory.link("manifests/out.json", to: "../outside/secret.json")
        try directory.link("manifests/gone.json", to: "nothing.json")
        try directory.link("manifests/README", to: "../outside/secret.json")
        let snapshot = try await lookAtEverything()
        #expect(
            snapshot.files.mapValues(\.names) == [
                "real/a.json": ["a"], "in.json": ["a"], "absolute.json": ["a"], "out.json": [], "gone.json": [],
            ])
        #expect(snapshot.files["out.json"]?.reasons == [.unreadable])
        #expect(snapshot.files["gone.json"]?.reasons == [.unreadable])
        #expect(snapshot.isComplete)
    }

    @Test func `A directory behind a link out of the root makes the look incomplete, a cycle does not`() async throws {
        try write(manifest("a"), to: "a.json")
        try directory.link("manifests/cycle", to: ".")
        #expect(try await lookAtEverything().isComplete)
        try directory.makeDirectory("outside")
        try directory.link("manifests/team", to: "../outside")
        let snapshot = try await lookAtEverything()
        #expect(!snapshot.isComplete && snapshot.problems.count == 1)
        #expect(snapshot.files.keys.sorted() == ["a.json"])
    }

    @Test func `A link that appears later and leads in a cycle adds no files`() async throws {
        try write(manifest("a"), to: "team/web/a.json")
        #expect(try await lookAtEverything().files.keys.sorted() == ["team/web/a.json"])
        for (link, target) in [
            ("loop", "."), ("team/loop", "."), ("team/loop", ".."), ("team/web/loop", "."), ("team/web/loop", "../.."),
        ] as [(BytePath, String)] {
            try directory.link("manifests/\(link)", to: target)
            #expect(await source.look(at: .entries([link])) == nil, "\(link) -> \(target)")
            try directory.remove(BytePath(naming: "manifests/\(link)"))
            #expect(await source.look(at: .entries([link]))?.files.keys.sorted() == ["team/web/a.json"])
        }
        // A new directory with such a link.
        try write(manifest("b"), to: "new/b.json")
        try directory.link("manifests/new/loop", to: "..")
        #expect(await source.look(at: .entries(["new"]))?.files.keys.sorted() == ["new/b.json"])
    }

    @Test func `Replacing a link changes all files behind it at once`() async throws {
        for (version, name) in [("1", "..old"), ("2", "..new")] {
            try write(manifest("a", version), to: "\(name)/a.json")
            try write(manifest("b", version), to: "\(name)/b.json")
        }
        try write(manifest("c", "2"), to: "..new/c.json")
        try directory.link("manifests/..data", to: "..old")
        for name in ["a", "b"] { try directory.link("manifests/\(name).json", to: "..data/\(name).json") }
        let before = try await lookAtEverything()
        #expect(before.files.keys.sorted() == ["a.json", "b.json"])

        try directory.link("manifests/..tmp", to: "..new")
        try directory.move("manifests/..tmp", to: "manifests/..data")
        let after = try #require(await source.look(at: .entries(["..data"])))
        #expect(after.isComplete && after.files.mapValues(\.names) == ["a.json": ["a"], "b.json": ["b"]])
        #expect(after.files["a.json"] != before.files["a.json"] && after.files["b.json"] != before.files["b.json"])
    }

    @Test(arguments: ["index.lock", "rebase-merge", "rebase-apply"])
    func `A snapshot shows whether git is busy, and which commit is checked out`(sign: String) async throws {
        let commit = String(repeating: "4be1", count: 10)
        try directory.write("ref: refs/heads/main\n", to: ".git/HEAD")
        try directory.write("\(commit)\n", to: ".git/refs/heads/main")
        let atRest = try await lookAtEverything()
        #expect(!atRest.isBusy)
        #expect(atRest.source.commit == commit)
        try directory.write("", to: ".git/\(sign)")
        #expect(try await lookAtEverything().isBusy)
    }

    @Test func `A linked working tree uses its own git directory`() async throws {
        let commit = String(repeating: "77", count: 20)
        try directory.write("gitdir: main/.git/worktrees/here\n", to: ".git")
        try directory.write("ref: refs/heads/topic\n", to: "main/.git/worktrees/here/HEAD")
        try directory.write("../..\n", to: "main/.git/worktrees/here/commondir")
        try directory.write("# pack-refs\n\(commit) refs/heads/topic\n", to: "main/.git/packed-refs")
        #expect(try await lookAtEverything().source.commit == commit)
        try directory.write("", to: "main/.git/worktrees/here/index.lock")
        #expect(try await lookAtEverything().isBusy)
    }

    @Test func `A pipe is not a manifest and does not block`() async throws {
        mkfifo(directory.path.appending("manifests/pipe.json").string, 0o600)
        let snapshot = try await lookAtEverything()
        #expect(snapshot.files.mapValues(\.reasons) == ["pipe.json": [.unreadable]])
    }

    @Test func `A file above the limit is unreadable`() async throws {
        try write(manifest("a", String(repeating: "x", count: 1 << 20)), to: "a.json")
        let diagnostics = try await lookAtEverything().files["a.json"]?.diagnostics
        let size = manifest("a", String(repeating: "x", count: 1 << 20)).utf8.count
        #expect(diagnostics?.map(\.reason) == [.tooLarge])
        #expect(diagnostics?.map(\.summary) == ["the file has \(size) bytes, more than 1 MiB"])
    }

    @Test func `Skipped files that look like manifests cause warnings, unless a manifest refers to them`() async throws
    {
        for name in ["web.JSON", "team/web.yaml", "team/web.Yml", "notes.txt", ".x.yaml", "#x.yaml", "conf/app.yml"] {
            try write("{", to: name)
        }
        try write(manifest("a", more: #", "files": [{"source": "conf/app.yml", "target": "x"}]"#), to: "a.json")
        let snapshot = try await lookAtEverything()
        #expect(snapshot.warnings.map(\.range.filename) == ["web.JSON", "team/web.Yml", "team/web.yaml"])
        #expect(snapshot.warnings.allSatisfy { $0.severity == .warning && $0.reason == .ignored })
        #expect(snapshot.problems == [] && snapshot.isComplete)
    }

    @Test func `A directory without manifests causes a warning, but no error`() async throws {
        try write("{}", to: "cube.json")
        let empty = try await lookAtEverything()
        #expect(empty.warnings.map(\.reason) == [.noManifests] && empty.isComplete && empty.problems == [])
        try write(manifest("a"), to: "deep/er/a.json")
        #expect(try await lookAtEverything().warnings == [])
    }

    @Test func `A file that replaces a directory of the same name is read at once`() async throws {
        try write(manifest("a"), to: "x.json/a.json")
        #expect(try await lookAtEverything().files.keys.sorted() == ["x.json/a.json"])
        try directory.remove("manifests/x.json")
        try write(manifest("x"), to: "x.json")
        let change = try #require(await source.look(at: .entries(["x.json", "x.json/a.json"])))
        #expect(change.files.mapValues(\.names) == ["x.json": ["x"]])
    }

    @Test func `The number of directories that are read through links is limited`() async throws {
        // Each directory links to the next one twice, so that the last directory has a billion paths.
        for number in 0..<30 {
            try write(manifest("w\(number)"), to: "d\(number)/w.json")
            for way in ["a", "b"] { try directory.link("manifests/d\(number)/\(way)", to: "../d\(number + 1)") }
        }
        let snapshot = try await lookAtEverything()
        #expect(!snapshot.isComplete && snapshot.problems.count == 1)
        #expect(snapshot.problems.first?.summary.contains("directories behind links are read") == true)
    }

    @Test func `Links may lead anywhere if the policy allows it`() async throws {
        try directory.write(manifest("a"), to: "store/a.json")
        try directory.write("port 1", to: "store/web.conf")
        try directory.write(manifest("b"), to: "store/team/b.json")
        try directory.link("store/team/self", to: "..")
        try directory.link("manifests/a.json", to: directory.path.appending("store/a.json").string)
        try directory.link("manifests/team", to: "../store/team")
        try directory.link("manifests/conf", to: "../store")
        let files = #", "files": [{"source": "conf/web.conf", "target": "x"}]"#
        try write(manifest("c", more: files), to: "c.json")
        let anywhere = DirectorySource(
            directory.path.appending("manifests"), files: LocalFileSystem(links: .anywhere)
        ) { [clock] in clock.timestamp }
        let snapshot = try #require(await anywhere.look(at: .everything))
        #expect(snapshot.isComplete && snapshot.problems == [])
        #expect(
            snapshot.files.mapValues(\.names) == [
                "a.json": ["a"], "team/b.json": ["b"], "c.json": ["c"], "conf/a.json": ["a"], "conf/team/b.json": ["b"],
                "team/self/a.json": ["a"],
            ])
        let inside = try await lookAtEverything()
        #expect(!inside.isComplete)
        #expect(inside.files["a.json"]?.reasons == [.unreadable] && inside.files["c.json"]?.reasons == [.unreadable])
    }
}

extension FileState {
    fileprivate var names: [String] {
        switch self {
        case .readable(let workloads, _): workloads.map(\.name.rawValue)
        case .unreadable, .group: []
        }
    }

    fileprivate var reasons: [Diagnostic.Reason] { diagnostics.map(\.reason) }

    fileprivate var diagnostics: [Diagnostic] {
        switch self {
        case .readable, .group: []
        case .unreadable(let diagnostics): diagnostics
        }
    }
}
