import Foundation
import Testing

/// The code in the articles is compiled in this target, so that it stays correct.
struct GuideTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `every code block of an article is compiled in this target`() throws {
        let compiled = try Self.files(below: "Tests/GuideTests", ending: ".swift").map { try Self.lines(of: $0) }
        let articles = try Self.files(below: "Sources", ending: ".md").filter { $0.path().contains(".docc/") }
        var pieces = 0
        for article in articles {
            for piece in Self.pieces(of: try Self.lines(of: article)) {
                pieces += 1
                #expect(
                    compiled.contains { $0.contains(piece) },
                    "\(article.lastPathComponent): \(piece.joined(separator: "\n"))")
            }
        }
        #expect(pieces > 0)
    }

    @Test func `code blocks are extracted, and one that is not compiled would be noticed`() {
        let pieces = Self.pieces(of: ["Text.", "```swift", "let a = 1", "print(a)", "```", "Text."])
        #expect(pieces == [["let a = 1", "print(a)"]])
        #expect(["{", "let a = 1", "print(a)", "}"].contains(pieces[0]))
        #expect(!["let a = 1", "let b = 2", "print(a)"].contains(pieces[0]))
    }

    /// Returns the non-empty lines of a file without their indentation.
    private static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        .filter { !$0.isEmpty }
    }

    /// Returns the code blocks of an article.
    private static func pieces(of lines: [String]) -> [[String]] {
        var pieces: [[String]] = []
        var rest = lines[...]
        while let start = rest.firstIndex(of: "```swift") {
            let code = rest[(start + 1)...].prefix { $0 != "```" }
            pieces.append(Array(code))
            rest = rest[code.endIndex...]
        }
        return pieces
    }

    private static func files(below folder: String, ending: String) throws -> [URL] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return paths.filter { $0.hasSuffix(ending) }.sorted().map { root.appending(path: "\(folder)/\($0)") }
    }
}
