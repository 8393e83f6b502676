import Testing

@testable import CubeJSON

@Suite struct ReaderTests {
    private func read(_ text: String, maximumDepth: Int = 64) throws(Problem) -> JSONValue {
        try JSONDocument(reading: Array(text.utf8), maximumDepth: maximumDepth).root
    }

    @Test func `the escapes of strings are resolved`() throws {
        let value = try read(#""\"\\\/\b\f\n\r\t \u0041 \ud83d\ude00 é\u0000""#)
        #expect(value.string == "\"\\/\u{8}\u{C}\n\r\t A 😀 é\u{0}")
    }

    @Test func `members and elements are in order and have their locations`() throws {
        let value = try read(#"{"b": [1, {"x": true}], "a": null, "b": false}"#)
        #expect(value.members.map(\.key.text) == ["b", "a", "b"])
        #expect(value.members.map(\.value.kind) == [.array, .null, .boolean])
        #expect(value["b"]?.elements.map(\.kind) == [.number, .object])
        #expect(value["b"]?.range == 6..<22)
        #expect(value["c"] == nil)
        #expect(Array(try read("3").elements).isEmpty)
    }

    @Test(
        arguments: [
            ("0", 0, 0), ("-0", 0, 0), ("0e999999999999999999999", 0, 0), ("1", 0, 1), ("1.0", 0, 1), ("1e2", 0, 100),
            ("1.5e1", 0, 15), ("1200e-2", 0, 12), ("0.1", 3, 100), ("0.0010", 3, 1), ("0.0001", 3, nil),
            ("1.5", 0, nil),
            ("9223372036854775807", 0, .max), ("-9223372036854775808", 0, .min), ("9223372036854775808", 0, nil),
            ("-9223372036854775809", 0, nil), ("1e18", 0, 1_000_000_000_000_000_000), ("1e19", 0, nil),
            ("1e99999999999999999999", 0, nil), ("1e-99999999999999999999", 0, nil),
            ("0.00000000000000000000000000001e29", 0, 1), ("100000000000000000000000000000e-29", 0, 1),
        ] as [(String, Int, Int?)])
    func `numbers are converted exactly`(text: String, power: Int, expected: Int?) throws {
        #expect(try read(text).number?.integer(timesTenTo: power) == expected)
    }

    @Test func `duplicate keys are found at any depth and in any spelling`() throws {
        let text = #"[{"a": 1, "b": {"x": 1, "\u0078": 2}, "a": 3, "a": 4}, {"a": 1}, {"é": 1, "e\#u{301}": 2}]"#
        let document = try JSONDocument(reading: Array(text.utf8))
        #expect(document.duplicateKeys.map(\.key.text).sorted() == ["a", "a", "x", "é"].sorted())
        #expect(document.duplicateKeys.allSatisfy { $0.first.range.lowerBound < $0.key.range.lowerBound })
    }

    @Test func `the duplicate key of an object with 100,000 keys is found`() throws {
        let members = (0..<100_000).map { "\"key\($0 % 99_999)\": \($0)" }.joined(separator: ",")
        let document = try JSONDocument(reading: Array("{\(members)}".utf8))
        #expect(document.duplicateKeys.map(\.key.text) == ["key0"])
    }

    @Test func `nesting is limited only by the maximum depth`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try read(nested(64))
        let tooDeep = #expect(throws: Problem.self) { try self.read(nested(100_000)) }
        #expect(tooDeep?.reason == .tooDeep)
        #expect(tooDeep?.range == 64..<65)
        #expect(try read(nested(100_000), maximumDepth: .max).kind == .array)
        let open = #expect(throws: Problem.self) {
            try self.read(String(repeating: #"{"a":"#, count: 100_000), maximumDepth: .max)
        }
        #expect(open?.reason == .syntax)
    }

    @Test(
        arguments: [
            ("", #"expected a value, but the file ends"#, 0..<0),
            ("[1, 2", #"expected "," or "]", but the file ends"#, 5..<5),
            (#"{"a": 1,}"#, #"expected a key, not "}"; remove the comma before it"#, 8..<9),
            (#"["a" "b"]"#, ##"expected "," or "]", not """"##, 5..<6),
            (#"{'a': 1}"#, #"expected a key or "}", not "'"; strings must be in double quotes"#, 1..<2),
            (
                "{ // no\n}",
                #"expected a key or "}", not "/"; JSON has no comments; in a manifest, use the key "$comment""#,
                2..<3
            ),
            ("[01]", "a number with a leading zero", 1..<2),
            ("[-]", #"expected a digit, not "]""#, 2..<3),
            ("[nul]", #"expected "null", not "]""#, 4..<5),
            ("[é]", #"expected a value, not "é""#, 1..<3),
            ("[\u{202E}]", #"expected a value, not "\u{202E}""#, 1..<4),
            ("\"a\nb\"", #"a line break in a string; write it as \n"#, 2..<3),
            (#"["\x"]"#, #"invalid escape; "\" must be followed by one of " \ / b f n r t u"#, 2..<4),
            (#"["\ud800!"]"#, "unpaired surrogate; it represents no character", 2..<8),
            ("[] x", #"expected the end of the file, not "x""#, 3..<4),
            (
                "\u{FEFF}{}",
                "the file begins with a byte-order mark; save the file as UTF-8 without a byte-order mark", 0..<3
            ),
        ] as [(String, String, Range<Int>)])
    func `invalid JSON is rejected with its location and reason`(text: String, message: String, place: Range<Int>) {
        let problem = #expect(throws: Problem.self) { try self.read(text) }
        #expect(problem?.reason == .syntax)
        let shown = problem.map { Problem.diagnostics(of: [$0], in: Array(text.utf8), filename: "f")[0] }
        #expect(shown.map { [$0.summary, $0.detail].filter { !$0.isEmpty }.joined(separator: "; ") } == message)
        #expect(problem?.range == place)
    }
}
