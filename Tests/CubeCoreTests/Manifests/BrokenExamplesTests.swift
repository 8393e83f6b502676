import CubeJSON
import Foundation
import Testing

@testable import CubeCore

/// `examples/broken`: a file for each kind of error, named after its reason, with the expected output of `cube validate` beside it.
///
/// With `CUBE_RECORD=1`, the test rewrites the expected output.
@Suite struct BrokenExamplesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../examples/broken").standardizedFileURL

    private static let names =
        // A missing folder yields no cases, and the first test fails.
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
        .filter { $0.hasSuffix(".json") }.sorted() ?? []

    @Test func `there are examples`() { #expect(!Self.names.isEmpty) }

    @Test(arguments: names) func `a broken manifest yields exactly the expected diagnostics`(name: String) throws {
        let source = try Array(Data(contentsOf: Self.folder.appending(path: name)))
        let file = ManifestDecoder.decode(source, file: name)
        #expect(file.workloads.isEmpty)
        #expect(file.diagnostics.first?.reason.rawValue == String(name.prefix { $0 != "-" && $0 != "." }))

        let expected = Self.folder.appending(path: name.replacing(".json", with: ".txt"))
        let text = file.diagnostics.map { $0.text(source: source) + "\n" }.joined()
        if ProcessInfo.processInfo.environment["CUBE_RECORD"] != nil {
            try Data(text.utf8).write(to: expected)
        }
        #expect(text == String(decoding: try Data(contentsOf: expected), as: UTF8.self))
    }
}
