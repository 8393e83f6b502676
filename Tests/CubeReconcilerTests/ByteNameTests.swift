import CubeCore
import CubeJSON
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeReconciler

/// File names are bytes: names that Unicode considers equal belong to different files, and a name need not be text.
@Suite struct ByteNameTests {
    private let directory: TemporaryDirectory
    private let clock: ManualClock
    private let source: DirectorySource

    private static let composed = BytePath(naming: "caf\u{e9}.json")
    private static let decomposed = BytePath(naming: "cafe\u{301}.json")

    init() throws {
        directory = try TemporaryDirectory()
        try directory.makeDirectory("manifests")
        let clock = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) + 60_000))
        self.clock = clock
        source = DirectorySource(directory.path.appending("manifests"), files: LocalFileSystem()) { clock.timestamp }
    }

    private func write(_ text: String, to name: BytePath) throws {
        try directory.write(text, to: ("manifests" as BytePath).appending(name))
    }

    private func remove(_ name: BytePath) throws {
        try directory.remove(("manifests" as BytePath).appending(name))
    }

    private func lookAtEverything() async throws -> ManifestSnapshot {
        try #require(await source.look(at: .everything))
    }

    private func names(_ snapshot: ManifestSnapshot) -> [BytePath: [String]] {
        snapshot.files.mapValues { state in
            guard case .readable(let workloads, _) = state else { return [] }
            return workloads.map(\.name.rawValue)
        }
    }

    @Test
    func `A root whose path is not text can be read, directly and through a link, and written`()
        async throws
    {
        let root = directory.path.appending(BytePath([0xFF, UInt8(ascii: "r")]))
        let files = LocalFileSystem(links: .anywhere)
        try files.makeDirectory(root.appending("sub"))
        try files.replace(root.appending("a.json"), with: Array(manifest("a").utf8), durable: true)
        _ = try files.append(Array(manifest("b").utf8), to: root.appending("sub/x"))
        try files.rename(root.appending("sub/x"), to: root.appending("sub/b.json"))
        #expect(try files.names(in: root) == ["a.json", "sub"])
        let link = directory.path.appending("link")
        #expect(
            root.withPlatformString { root in link.withPlatformString { symlink(root, $0) } } == 0)
        for path in [root, link] {
            let watcher = DirectoryWatcher.make()
            let source = DirectorySource(path, files: files, watcher: watcher) { Timestamp(milliseconds: .max / 2) }
            let snapshot = try #require(await source.look(at: .everything))
            #expect(names(snapshot) == ["a.json": ["a"], "sub/b.json": ["b"]] && snapshot.isComplete)
            #expect(try files.openRoot(path)?.realPath == root)
        }
        try files.remove(root.appending("a.json"))
        #expect(try !files.exists(root.appending("a.json")))
    }

    @Test func `A root that is removed while it is opened leaks no descriptor`() throws {
        let path = directory.path.appending("gone").string
        try directory.makeDirectory("gone")
        let open = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        try open.closeAfter {
            try directory.remove("gone")
            // Its descriptor leads to it, but no path does.
            let name = FilePath("/proc/self/fd/\(open.rawValue)")
            #expect(throws: FileError.self) { try LocalFileSystem(links: .anywhere).openRoot(name) }
            let targets = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").map {
                // A descriptor that was closed in the meantime has no target.
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(targets.count { $0 == path + " (deleted)" } == 1)
        }
    }

    @Test(arguments: [
        (composed, decomposed), (BytePath(naming: "Kafka.json"), BytePath(naming: "\u{212A}afka.json")),
    ])
    func `Two names that Unicode considers equal are two files`(first: BytePath, second: BytePath) async throws {
        try write(manifest("a"), to: first)
        var desired = DesiredState(oneShot: true)
        _ = desired.apply(try await lookAtEverything())
        #expect(Set(desired.workloads.keys.map(\.rawValue)) == ["a"])

        // The second file does not replace the first, even if only the second is looked at.
        try write(manifest("b"), to: second)
        let change = try #require(await source.look(at: .entries([second])))
        #expect(names(change) == [second: ["b"]])
        _ = desired.apply(change)
        #expect(Set(desired.workloads.keys.map(\.rawValue)) == ["a", "b"])
        #expect(names(try await lookAtEverything()) == [first: ["a"], second: ["b"]])

        try remove(first)
        _ = desired.apply(try await lookAtEverything())
        #expect(Set(desired.workloads.keys.map(\.rawValue)) == ["b"])
    }

    @Test func `A broken file keeps the names that it defined, not those of its twin`() async throws {
        try write(manifest("a"), to: Self.composed)
        try write(manifest("b"), to: Self.decomposed)
        var desired = DesiredState(oneShot: true)
        _ = desired.apply(try await lookAtEverything())
        desired.assumeAllRun()
        try write("{", to: Self.decomposed)
        try remove(Self.composed)
        _ = desired.apply(try await lookAtEverything())
        #expect(desired.workloads.keys.map(\.rawValue) == ["b"])
        #expect(desired.files.unreadable.keys.map(\.bytes) == [Self.decomposed.bytes])
    }

    @Test func `A file whose written path is too long for a task is unreadable, and other files are read`() async throws
    {
        // A byte that is not text is written with four characters.
        var folder = BytePath("manifests".utf8)
        for _ in 0..<5 {
            folder = folder.appending(BytePath(Array(repeating: 0xFF, count: 250)))
            let made = directory.path.appending(folder).withPlatformString { mkdir($0, 0o700) }
            try #require(made == 0)
        }
        try directory.write(manifest("a"), to: folder.appending("a.json"))
        try write(manifest("b"), to: "b.json")
        let snapshot = try await lookAtEverything()
        #expect(snapshot.files.count == 2 && names(snapshot)["b.json"] == ["b"])
        let (path, state) = try #require(snapshot.files.first { $0.key != "b.json" })
        #expect(path.text.utf8.count > TextBounds.address)
        guard case .unreadable(let diagnostics) = state else { throw Errno.invalidArgument }
        #expect(diagnostics.map(\.reason) == [.unreadable])
        #expect(diagnostics[0].summary.hasSuffix("has a path of more than 4096 bytes"))
    }

    @Test func `A file whose name is not text is read, including in directories and behind links`() async throws {
        let (file, folder) = (BytePath([0xFF] + Array(".json".utf8)), BytePath([0xC3, 0x28]))
        try write(manifest("a"), to: file)
        let made = directory.path.appending(("manifests" as BytePath).appending(folder))
            .withPlatformString { mkdir($0, 0o700) }
        try #require(made == 0)
        try write(manifest("b"), to: folder.appending("b.json"))
        let link = directory.path.appending("manifests/link.json").string
        try #require(file.withCString { symlink($0, link) } == 0)
        let snapshot = try await lookAtEverything()
        #expect(names(snapshot) == [file: ["a"], folder.appending("b.json"): ["b"], "link.json": ["a"]])
        #expect(snapshot.isComplete)
        #expect(snapshot.files.keys.map(\.text).sorted() == ["\\xC3(/b.json", "\\xFF.json", "link.json"])
        guard case .readable(let workloads, _)? = snapshot.files[file] else { throw Errno.invalidArgument }
        #expect(workloads[0].range.filename == "\\xFF.json")
    }

    /// Swift combines the slash and the following mark into one character, which is not a slash.
    @Test func `A name that begins with a combining mark belongs to its directory`() async throws {
        try directory.makeDirectory("manifests/team")
        let file = BytePath(naming: "team/\u{301}.json")
        try write(manifest("a"), to: file)
        #expect(names(try await lookAtEverything()) == [file: ["a"]])
        try write(manifest("a2"), to: file)
        #expect(try names(#require(await source.look(at: .entries([file])))) == [file: ["a2"]])
        try write(manifest("hidden"), to: BytePath(naming: ".\u{301}.json"))
        #expect(names(try await lookAtEverything()) == [file: ["a2"]])
    }

    @Test func `Two attachments whose names Unicode considers equal are two files`() async throws {
        let files = [Self.composed, Self.decomposed].enumerated().map { index, name in
            #"{"source": "\#(name.text.dropLast(5)).conf", "target": "\#(index)"}"#
        }
        let (first, second) = (BytePath(naming: "caf\u{e9}.conf"), BytePath(naming: "cafe\u{301}.conf"))
        try write("one", to: first)
        try write("two", to: second)
        try write(manifest("a", more: #", "files": [\#(files.joined(separator: ", "))]"#), to: "a.json")
        func contents(_ snapshot: ManifestSnapshot) -> [String] {
            guard case .readable(let workloads, _)? = snapshot.files["a.json"] else { return [] }
            return workloads[0].definition.files.map { String(decoding: $0.source.content ?? [], as: UTF8.self) }
        }
        #expect(contents(try await lookAtEverything()) == ["one", "two"])
        try write("three", to: second)
        #expect(contents(try #require(await source.look(at: .entries([second])))) == ["one", "three"])
    }

    @Test func `A commit has the same files as the directory`() async throws {
        let repository = try TestRepository()
        let broken = BytePath([0xFF] + Array(".json".utf8))
        for (name, text) in [(Self.composed, "a"), (Self.decomposed, "b"), (broken, "c")] {
            try repository.directory.write(manifest(text), to: ("work" as BytePath).appending(name))
        }
        try repository.commit()
        let history = try GitHistory(
            of: repository.work, files: LocalFileSystem(), git: GitProgram(environment: TestRepository.environment),
            now: { [clock] in clock.timestamp })
        let snapshot = try #require(try await history.manifests(at: "HEAD"))
        #expect(names(snapshot) == [Self.composed: ["a"], Self.decomposed: ["b"], broken: ["c"]])
        #expect(snapshot.isComplete && snapshot.problems.isEmpty)
    }
}
