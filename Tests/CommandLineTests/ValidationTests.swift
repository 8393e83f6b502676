import CubeJSON
import FoundationEssentials
import SystemPackage
import Testing

@testable import cube

/// `cube validate`, over several files.
@Suite struct ValidationTests {
    private func reasons(_ files: [String: String], named: String = "") throws -> [Diagnostic.Reason] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-validate-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // Left to the system where it fails.
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        var validation = Validation()
        try validation.check(FilePath(directory.appending(path: named).path))
        validation.checkDependencies()
        return validation.diagnostics.map(\.reason)
    }

    private func manifest(_ name: String, after other: String) -> String {
        #"{"name": "\#(name)", "command": ["true"], "depends_on": ["\#(other)"]}"#
    }

    @Test func `a circle is one whatever else is wrong, a missing name is known only where all was read`() throws {
        let files = ["a.json": manifest("a", after: "b"), "b.json": manifest("b", after: "a")]
        let open = ["c.json": manifest("c", after: "nobody")]
        let broken = ["d.json": "{"]
        #expect(try reasons(files) == [.dependencyCycle, .dependencyCycle])
        #expect(try reasons(open) == [.unknownDependency])
        #expect(try reasons(open.merging(broken) { $1 }) == [.syntax])
        #expect(try reasons(files.merging(broken) { $1 }) == [.syntax, .dependencyCycle, .dependencyCycle])
        #expect(try reasons(open, named: "c.json") == [])
    }
}
