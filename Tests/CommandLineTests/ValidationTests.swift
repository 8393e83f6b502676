import CubeCore
import CubeJSON
import CubeReconciler
import CubeText
import Foundation
import SystemPackage
import Testing

@testable import cube

/// Tests `cube validate` with several files.
@Suite struct ValidationTests {
    private func reasons(_ files: [String: String], named: String = "") async throws -> [Diagnostic.Reason] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-validate-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // A leftover does no harm.
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        let manifests = FilePath(directory.path)
        var validation = Validation(files: LocalFileSystem(), manifests: manifests)
        await validation.check(manifests.appending(named))
        await validation.checkDependencies()
        return validation.diagnostics.map(\.reason)
    }

    private func manifest(_ name: String, after other: String) -> String {
        #"{"name": "\#(name)", "command": ["true"], "depends_on": ["\#(other)"]}"#
    }

    @Test func `a dependency cycle is always reported, but a missing name only if all manifests were read`()
        async throws
    {
        let files = ["a.json": manifest("a", after: "b"), "b.json": manifest("b", after: "a")]
        let open = ["c.json": manifest("c", after: "nobody")]
        let broken = ["d.json": "{"]
        #expect(try await reasons(files) == [.dependencyCycle, .dependencyCycle])
        #expect(try await reasons(open) == [.unknownDependency])
        #expect(try await reasons(open.merging(broken) { $1 }) == [.syntax])
        #expect(try await reasons(files.merging(broken) { $1 }) == [.syntax, .dependencyCycle, .dependencyCycle])
        #expect(try await reasons(open, named: "c.json") == [])
    }

    /// A manifests directory that is deleted after the test.
    private final class Place {
        let path = FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-validate-\(UUID())").path)
        var manifests: FilePath { path.appending("manifests") }

        init() throws {
            try FileManager.default.createDirectory(atPath: manifests.string, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path.string) }  // A leftover does no harm.

        func write(_ name: String, _ text: String) throws {
            let file = manifests.appending(name)
            try FileManager.default.createDirectory(
                atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: file.string))
        }

        func link(_ name: String, _ target: String) throws {
            try FileManager.default.createSymbolicLink(
                atPath: manifests.appending(name).string, withDestinationPath: target)
        }

        func validation(_ name: String = "") async -> Validation {
            var validation = Validation(files: LocalFileSystem(), manifests: manifests)
            await validation.check(name.isEmpty ? manifests : manifests.appending(name))
            await validation.checkDependencies()
            return validation
        }

        /// The diagnostics of a file.
        func problems(_ validation: Validation) -> [String: String] {
            Dictionary(
                validation.diagnostics.map { ($0.range.filename.replacing("\(manifests)/", with: ""), $0.summary) }
            ) { "\($0); \($1)" }
        }
    }

    private static let web = #"{"name": "web", "command": ["true"]}"#

    @Test func `special entries are reported, and nothing outside the directory is shown`() async throws {
        let place = try Place()
        try Data("password\n".utf8).write(to: URL(filePath: place.path.appending("secret").string))
        try place.write("web.json", Self.web)
        #expect(mkfifo(place.manifests.appending("pipe.json").string, 0o600) == 0)
        for (name, target) in [
            ("environment.json", "/proc/self/environ"), ("shadow.json", "/etc/shadow"), ("zero.json", "/dev/zero"),
            ("out.json", "../secret"), ("dangling.json", "nothing"), ("loop.json", "loop.json"), ("here", "."),
            ("again", "."), ("away", ".."), ("conf", "../secret"),
        ] { try place.link(name, target) }
        try place.write(
            "attached.json", #"{"name": "a", "command": ["true"], "files": [{"source": "conf", "target": "x"}]}"#)
        try place.write(String(repeating: "d/", count: 70) + "deep.json", Self.web)

        let validation = await place.validation()
        let out = "is refused: a link leads out of the directory"
        let deep = Array(repeating: "d", count: 64).joined(separator: "/")
        #expect(
            place.problems(validation) == [
                "pipe.json": "pipe.json is not a regular file",
                "environment.json": "environment.json \(out): /proc/self/environ",
                "shadow.json": "shadow.json \(out): /etc/shadow", "zero.json": "zero.json \(out): /dev/zero",
                "out.json": "out.json \(out)", "dangling.json": "dangling.json is a broken link",
                "loop.json": "loop.json is refused: a link leads in a cycle", "away": "away \(out)",
                "attached.json": "files[0].source: \"conf\" \(out)", deep: "\(deep) is nested too deeply",
            ])
        #expect(
            !validation.lines.map(\.text).joined().contains("password")
                && !validation.lines.map(\.text).joined().contains("root:"))
    }

    @Test func `a single named file is read with the same rules`() async throws {
        let place = try Place()
        try Data("password".utf8).write(to: URL(filePath: place.path.appending("secret").string))
        try place.write("team/web.conf", "port 1")
        try place.write(
            "team/web.json", #"{"name": "web", "command": ["true"], "files": [{"source": "web.conf", "target": "x"}]}"#)
        try place.write("shared/web.json", Self.web)
        try place.link("team/shared.json", "../shared/web.json")
        try place.link("team/out.json", "../../secret")
        for name in ["team/web.json", "team/shared.json"] {
            let validation = await place.validation(name)
            #expect(validation.diagnostics == [])
            #expect(validation.verdict == "1 file, 1 workload, no problem")
        }
        let out = await place.validation("team/out.json")
        #expect(out.diagnostics.map(\.summary) == ["team/out.json is refused: a link leads out of the directory"])
        #expect(out.diagnostics.map(\.range.filename) == ["\(place.manifests)/team/out.json"])
        #expect(!out.lines.map(\.text).joined().contains("password"))
        let missing = await place.validation("none.json")
        #expect(missing.diagnostics.map(\.summary) == ["no such file"])
        #expect(missing.diagnostics.map(\.reason) == [.unreadable])
    }

    @Test func `a file that is ignored causes a warning`() async throws {
        let place = try Place()
        try place.write("web.yaml", "")
        let empty = await place.validation()
        #expect(empty.diagnostics.map(\.reason) == [.ignored, .noManifests])
        #expect(empty.verdict == "0 files, 0 workloads, no problem, 2 warnings")
        try place.write("web.json", #"{"name": "web", "command": ["true"], "comand": 1}"#)
        let broken = await place.validation()
        #expect(broken.diagnostics.map(\.reason) == [.unknownKey, .ignored])
        #expect(broken.verdict == "1 file, 0 workloads, 1 problem, 1 warning")
        // The source line is shown.
        #expect(broken.lines[1].text.hasPrefix("    {\"name\""))
    }
}
