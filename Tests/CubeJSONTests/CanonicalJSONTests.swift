import Testing

@testable import CubeJSON

@Suite struct CanonicalJSONTests {
    @Test func `keys are sorted by their UTF-8 bytes and nothing is normalised`() {
        let value = CanonicalJSON.object([
            "b": .integer(-1), "a": .array([.boolean(true), .array([]), .object([:])]),
            "\u{E9}": .string("e\u{301}"), "\u{1F600}": .string(""), "\u{FFFD}": .string("\"\\/\u{8}\u{1F}\u{7F}\n"),
        ])
        #expect(
            String(decoding: value.bytes, as: UTF8.self)
                == "{\"a\":[true,[],{}],\"b\":-1,\"\u{E9}\":\"e\u{301}\",\"\u{FFFD}\":\"\\\"\\\\/\\b\\u001f\u{7F}\\n\",\"\u{1F600}\":\"\"}"
        )
    }

    @Test func `the text for people has one line for each item`() {
        let value = CanonicalJSON.object(["b": .array([]), "a": .array([.integer(1), .integer(2)])])
        #expect(value.text == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}")
    }
}
