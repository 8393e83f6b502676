import Testing

@testable import CubeJSON

/// The grammar of RFC 8259, production by production, with our own cases.
@Suite struct GrammarTests {
    @Test(arguments: accepted) func `valid JSON is accepted`(text: String) throws {
        _ = try JSONDocument(reading: Array(text.utf8))
    }

    @Test(arguments: refused) func `invalid JSON is rejected`(text: String) {
        #expect(throws: Problem.self) { try JSONDocument(reading: Array(text.utf8)) }
    }

    @Test(arguments: refusedBytes) func `invalid UTF-8 is rejected`(bytes: [UInt8]) {
        #expect(throws: Problem.self) { try JSONDocument(reading: bytes) }
        #expect(throws: Problem.self) { try JSONDocument(reading: [0x22] + bytes + [0x22]) }
    }

    @Test func `there are at least 60 cases`() {
        let count = Self.accepted.count + Self.refused.count + 2 * Self.refusedBytes.count
        print("RFC 8259: \(count) own cases")
        #expect(count >= 60)
    }

    static let accepted: [String] = [
        // Any value is a complete text, with four kinds of white space around it.
        "null", "true", "false", "0", "\"\"", "[]", "{}", " \t\r\n1 \t\r\n", "\n\n[\n]\n", "[ ]", "{ }",
        // Numbers.
        "-0", "10", "1.5", "-0.0", "0.000000", "1e1", "1E+1", "1e-1", "0e0", "-1.25E-07",
        "123456789012345678901234567890",
        "1e400", "-1e-400", "0.1e00001",
        // Strings.
        "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e9\\u20AC\"", "\"\\ud83d\\uDE00\"", "\"\\u0000\"",
        "\"\u{7F}\"",
        "\"é€😀\"", "\"\u{FFFF}\u{10FFFF}\"", "\"\\u2028\u{2028}\"", "\"/\"", "\"\u{FEFF}\"",
        // Containers; keys may be duplicate or empty.
        "[1,2]", "[[],{}]", "[ 1 , 2 ]", "{\"a\":1}", "{ \"a\" : 1 , \"b\" : [ ] }", "{\"\":0}", "{\"a\":1,\"a\":2}",
        "{\"a\":{\"a\":{\"a\":[{}]}}}", "[null,true,false]", "[1\n,\"2\"\t,3]",
    ]

    static let refused: [String] = [
        // No value, or more than one.
        "", " ", "1 2", "[] []", "{}{}", "null,", "[]]", "{}}", "1\u{0}", "[]\u{FEFF}", "\u{FEFF}[]", "\u{C}1",
        "\u{A0}1",
        // Literals.
        "nul", "nulll", "True", "TRUE", "tru e", "NaN", "Infinity", "-Infinity", "undefined", "a", "'a'",
        // Numbers.
        "+1", "-", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1e1.5", "0x10", "1_000", "1,",
        "0e", "１",
        // Strings.
        "\"", "\"a", "\"\\\"", "\"\\", "\"\\a\"", "\"\\'\"", "\"\\u\"", "\"\\u12\"", "\"\\u123g\"", "\"\\U0041\"",
        "\"\\x41\"",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800a\"", "\"\\ud800\\\"", "\"\n\"", "\"\t\"",
        "\"\u{0}\"", "\"\u{1F}\"",
        // Containers.
        "[", "]", "[1", "[1,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[1;2]", "[}", "{", "}", "{]", "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\",1}", "{a:1}", "{1:1}", "{null:1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}",
        "{\"a\":1]", "[1}",
        "{\"a\":1,,\"b\":2}", "{[]:1}",
        // Comments.
        "/**/1", "1//", "#\n1", "[1/**/]",
    ]

    static let refusedBytes: [[UInt8]] = [
        [0x80], [0xBF], [0xC3], [0xC3, 0x28], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82],
        [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xFF, 0xFE, 0x31, 0x00], [0xFE, 0xFF, 0x00, 0x31],
    ]
}
