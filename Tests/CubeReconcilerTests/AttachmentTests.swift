import CubeCore
import CubeJSON
import CubeTesting
import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeReconciler

/// The files that a manifest refers to.
@Suite struct AttachmentTests {
    private let directory: TemporaryDirectory
    private let clock: ManualClock
    private let source: DirectorySource

    init() throws {
        directory = try TemporaryDirectory()
        try directory.makeDirectory("manifests")
        // Later than all file times, so that no file counts as read too soon after a change.
        clock = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) + 60_000))
        source = DirectorySource(directory.path.appending("manifests"), files: LocalFileSystem()) { [clock] in
            clock.timestamp
        }
        let files = #", "files": [{"source": "conf/web.conf", "target": "web.conf"}]"#
        try write(manifest("web", more: files), to: "team/web.json")
        try write("port 80", to: "team/conf/web.conf")
    }

    private func write(_ text: String, to name: String) throws { try directory.write(text, to: "manifests/\(name)") }

    private func content(_ snapshot: ManifestSnapshot?) throws -> String {
        switch try #require(snapshot?.files["team/web.json"]) {
        case .readable(let workloads, _):
            return String(decoding: workloads.first?.definition.files.first?.source.content ?? [], as: UTF8.self)
        case .unreadable(let diagnostics): return diagnostics.map(\.summary).joined(separator: "; ")
        case .group: return "a group"
        }
    }

    @Test func `a change of an attached file changes the manifest, both by its entry and by a complete look`()
        async throws
    {
        #expect(try content(await source.look(at: .everything)) == "port 80")
        #expect(await source.look(at: .entries(["team/conf/web.conf"])) == nil)
        try write("port 8080", to: "team/conf/web.conf")
        #expect(try content(await source.look(at: .entries(["team/conf/web.conf"]))) == "port 8080")
        try write("port 90", to: "team/conf/web.conf")
        #expect(try content(await source.look(at: .everything)) == "port 90")
        // A change of another file changes nothing.
        try write("x", to: "team/conf/other.conf")
        #expect(await source.look(at: .entries(["team/conf/other.conf"])) == nil)
    }

    @Test func `a removed attachment makes the manifest unreadable until it is back, even if its directory moves`()
        async throws
    {
        _ = await source.look(at: .everything)
        try directory.remove("manifests/team/conf/web.conf")
        #expect(
            try content(await source.look(at: .entries(["team/conf/web.conf"])))
                == "files[0].source: \"conf/web.conf\" does not exist")
        try write("port 81", to: "team/conf/web.conf")
        #expect(try content(await source.look(at: .entries(["team/conf/web.conf"]))) == "port 81")
        try directory.move("manifests/team/conf", to: "manifests/team/old")
        #expect(
            try content(await source.look(at: .entries(["team/conf", "team/old"])))
                == "files[0].source: \"conf/web.conf\" does not exist")
        try directory.move("manifests/team/old", to: "manifests/team/conf")
        #expect(try content(await source.look(at: .entries(["team/conf", "team/old"]))) == "port 81")
    }

    @Test func `a link is followed within the root, and a replaced link is noticed`() async throws {
        try directory.remove("manifests/team/conf")
        try write("port 1", to: ".a/web.conf")
        try write("port 2", to: ".b/web.conf")
        try directory.link("manifests/team/conf", to: "../.a")
        #expect(try content(await source.look(at: .everything)) == "port 1")
        try directory.link("manifests/team/new", to: "../.b")
        try directory.move("manifests/team/new", to: "manifests/team/conf")
        #expect(try content(await source.look(at: .entries(["team/conf"]))) == "port 2")
        try write("port 3", to: ".b/web.conf")
        #expect(try content(await source.look(at: .entries([".b/web.conf"]))) == "port 3")

        try directory.write("secret", to: "outside/web.conf")
        try directory.link("manifests/team/new", to: "../../outside")
        try directory.move("manifests/team/new", to: "manifests/team/conf")
        #expect(
            try content(await source.look(at: .everything)).contains("is refused: a link leads out of the directory"))
    }

    @Test(arguments: [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "is a pointer of Git LFS"),
        ("/annex/objects/SHA256E-s1--00\n", "is a pointer of git-annex"),
    ])
    func `a placeholder file is not delivered`(text: String, problem: String) async throws {
        try write(text, to: "team/conf/web.conf")
        #expect(
            try content(await source.look(at: .everything))
                == "files[0].source: \"conf/web.conf\" \(problem): its content was not fetched")
        try write("port 1", to: "team/conf/web.conf")
        #expect(try content(await source.look(at: .entries(["team/conf/web.conf"]))) == "port 1")
    }

    @Test func `a file above the limit is reported with its size and not read`() async throws {
        try write("", to: "team/conf/web.conf")
        #expect(truncate(directory.path.appending("manifests/team/conf/web.conf").string, 1 << 40) == 0)
        #expect(
            try content(await source.look(at: .everything)).contains(
                "the files have \(1 << 40) bytes in total, more than 1 MiB")
        )
    }

    @Test func `a pipe is rejected without blocking, and its removal is noticed`() async throws {
        try directory.remove("manifests/team/conf/web.conf")
        #expect(mkfifo(directory.path.appending("manifests/team/conf/web.conf").string, 0o600) == 0)
        #expect(try content(await source.look(at: .everything)) == "files[0].source: \"conf/web.conf\" is not a file")
        try directory.remove("manifests/team/conf/web.conf")
        #expect(
            try content(await source.look(at: .everything)) == "files[0].source: \"conf/web.conf\" does not exist")
    }

    @Test func `a file that was read too soon after a change is read again`() async throws {
        let early = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let source = DirectorySource(directory.path.appending("manifests"), files: LocalFileSystem()) {
            early.timestamp
        }
        _ = await source.look(at: .everything)
        #expect(await source.nextReread != nil)
        early.advance(by: .seconds(10))
        _ = await source.look(at: .everything)
        #expect(await source.nextReread == nil)
    }
}
