import Testing

@testable import CubeJSON

struct RepeatedValuesTests {
    /// A value that is known by its identity.
    private final class Part: Decodable, Sendable {
        let name: String
    }

    private struct Whole: Decodable {
        var parts: [Part]
        var last: Part?
    }

    @Test func `values with the same text are one value, within a document and across documents`() throws {
        let repeated = RepeatedValues(of: Part.self)
        let text = #"{"parts": [{"name": "a"}, {"name": "b"}, {"name": "a"}], "last": {"name": "b"}}"#
        let one = try JSONBytesDecoder.value(Whole.self, from: Array(text.utf8), repeated: repeated)
        let other = try JSONBytesDecoder.value(Whole.self, from: Array(text.utf8), repeated: repeated)
        #expect(one.parts.map(\.name) == ["a", "b", "a"] && one.last?.name == "b")
        #expect(one.parts[0] === one.parts[2] && one.parts[1] === one.last)
        #expect(one.parts[0] === other.parts[0] && one.parts[0] !== one.parts[1])
    }

    @Test func `texts that only Swift considers equal are different values`() throws {
        let text = "{\"parts\": [{\"name\": \"\u{E9}\"}, {\"name\": \"e\u{301}\"}]}"
        let whole = try JSONBytesDecoder.value(
            Whole.self, from: Array(text.utf8), repeated: RepeatedValues(of: Part.self))
        #expect(whole.parts.map { Array($0.name.utf8) } == [Array("\u{E9}".utf8), Array("e\u{301}".utf8)])
    }

    @Test func `a value that cannot be decoded is an error each time`() {
        let repeated = RepeatedValues(of: Part.self)
        for _ in 0..<2 {
            #expect(throws: DecodingError.self) {
                try JSONBytesDecoder.value(
                    Whole.self, from: Array(#"{"parts": [{"name": 1}]}"#.utf8), repeated: repeated)
            }
        }
    }
}
