import Foundation
import Testing

/// What the articles show is what is compiled here, so that none of it rots.
struct GuideTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `every piece of code in an article is compiled here`() throws {
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

    @Test func `a piece that nothing holds is found`() {
        let pieces = Self.pieces(of: ["Text.", "```swift", "let a = 1", "print(a)", "```", "Text."])
        #expect(pieces == [["let a = 1", "print(a)"]])
        #expect(["{", "let a = 1", "print(a)", "}"].contains(pieces[0]))
        #expect(!["let a = 1", "let b = 2", "print(a)"].contains(pieces[0]))
    }

    /// The lines of a file without their indentation, and without empty ones.
    private static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        .filter { !$0.isEmpty }
    }

    /// What stands between the fences of an article.
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
