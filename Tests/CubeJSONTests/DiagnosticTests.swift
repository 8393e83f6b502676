import Foundation
import Testing

@testable import CubeJSON

@Suite struct DiagnosticTests {
    private let source = Array("{\n  \"name\": \"wéb\", \"x\": 1,\r\n\t\"comand\": []\n}".utf8)

    private func diagnostic(at range: Range<Int>) -> Diagnostic {
        let problem = Problem(.unknownKey, "unknown key \"comand\"", detail: "did you mean \"command\"?", at: range)
        return Problem.diagnostics(of: [problem], in: source, filename: "web.json")[0]
    }

    @Test func `lines and columns count from 1, columns in Unicode scalars, bytes from 0`() {
        let range = diagnostic(at: 30..<38).range
        #expect(range.start == SourcePosition(line: 3, column: 2, byte: 30))
        #expect(range.end == SourcePosition(line: 3, column: 10, byte: 38))
        #expect(diagnostic(at: 20..<23).range.start == SourcePosition(line: 2, column: 18, byte: 20))
    }

    @Test func `the JSON form of a diagnostic has all documented keys`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(diagnostic(at: 30..<38)), as: UTF8.self)
        #expect(
            json
                == #"{"detail":"did you mean \"command\"?","range":{"end":{"byte":38,"column":10,"line":3},"filename":"web.json","#
                + #""start":{"byte":30,"column":2,"line":3}},"reason":"unknown_key","severity":"error","summary":"unknown key \"comand\""}"#
        )
    }

    @Test func `the text form shows the line and a marker below the location`() {
        #expect(
            diagnostic(at: 30..<38).text(source: source) == """
                web.json:3:2: error: unknown key "comand"; did you mean "command"?
                     "comand": []
                     ^^^^^^^^
                """)
        #expect(
            diagnostic(at: 20..<23).text(source: source) == """
                web.json:2:18: error: unknown key "comand"; did you mean "command"?
                      "name": "wéb", "x": 1,
                                     ^^^
                """)
    }

    @Test func `a long line is shortened on both sides of the location`() {
        let line = Array(
            (String(repeating: "é", count: 100_000) + "HERE" + String(repeating: "z", count: 100_000)).utf8)
        let problem = Problem(.syntax, "x", at: 200_000..<200_004)
        let text = Problem.diagnostics(of: [problem], in: line, filename: "f")[0].text(source: line)
        #expect(
            text == """
                f:1:100001: error: x
                    …\(String(repeating: "é", count: 50))HERE\(String(repeating: "z", count: 45))…
                    \(String(repeating: " ", count: 51))^^^^
                """)
    }

    @Test func `control characters for a terminal are never shown verbatim`() {
        let line = Array("[\u{1B}[2J\u{202E}]".utf8)
        let problem = Problem(.syntax, "not \(Quoted("\u{1B}[2J\u{202E}"))", at: 1..<2)
        let text = Problem.diagnostics(of: [problem], in: line, filename: "f")[0].text(source: line)
        #expect(text == "f:1:2: error: not \"\\u{1B}[2J\\u{202E}\"\n    [\u{FFFD}[2J\u{FFFD}]\n     ^")
    }

    @Test func `many problems are sorted by location and limited to a hundred`() {
        let problems = (0..<150).shuffled().map { Problem(.outOfRange, "\($0)", at: 0..<$0 % source.count) }
        let diagnostics = Problem.diagnostics(of: problems, in: source, filename: "f")
        #expect(diagnostics.count == 101)
        #expect(diagnostics.last?.summary == "50 more problems are not shown")
        let ends = diagnostics.dropLast().map(\.range.end.byte)
        #expect(ends == ends.sorted())
    }
}
