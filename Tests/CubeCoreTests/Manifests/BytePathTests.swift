import CubeTesting
import Testing

@testable import CubeCore

@Suite struct BytePathTests {
    /// The name `café` in composed and in decomposed form.
    private static let composed = BytePath([0x63, 0x61, 0x66, 0xC3, 0xA9])
    private static let decomposed = BytePath([0x63, 0x61, 0x66, 0x65, 0xCC, 0x81])

    @Test func `Canonically equivalent names are different names`() {
        #expect(Self.composed.text == Self.decomposed.text)
        #expect(Self.composed != Self.decomposed)
        #expect(BytePath(naming: "\u{212A}afka") != BytePath(naming: "Kafka"))
        #expect(Set([Self.composed, Self.decomposed]).count == 2)
        #expect(Self.decomposed < Self.composed)
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a\\xFFb"),
            ([0x5C], "\\\\"),
            (Array("\\xFF".utf8), "\\\\xFF"),
            ([0xC3], "\\xC3"),
            ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),  // A surrogate.
            (Array("web/é.json".utf8), "web/é.json"),
        ] as [([UInt8], String)])
    func `Bytes that are not valid text are escaped`(bytes: [UInt8], text: String) {
        #expect(BytePath(bytes).text == text)
        #expect(BytePath(text: text).bytes == bytes)
    }

    @Test(arguments: ["\\x+5", "\\x4", "\\xG1", "\\x", "a\\b"])
    func `An invalid escape sequence in the written form stands for its own bytes`(text: String) {
        #expect(BytePath(text: text).bytes == Array(text.utf8))
    }

    /// To Swift, a combining mark after a slash, dot or letter makes it a different character.
    @Test func `A path is split at every slash, whatever follows it`() {
        let path = BytePath(naming: "team/\u{301}.json")
        #expect(path.splittingLastEntry == ("team", BytePath(naming: "\u{301}.json")))
        #expect(path.directories == [.root, "team"])
        #expect(path.components == ["team", BytePath(naming: "\u{301}.json")])
        #expect(path.hasSuffix(".json"))
        #expect(BytePath(naming: ".\u{301}x").hasPrefix("."))
        #expect(BytePath(naming: "/\u{301}x").isAbsolute)
    }

    @Test func `The written form is unique and restores the bytes`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var seen: [String: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let alphabet: [UInt8] = [
                0x5C, 0x78, 0x46, 0x2F, 0x2E, 0xFF, 0xC3, 0xA9, 0xCC, 0x81, 0x65, 0xED, 0xA0, 0x80,
            ]
            let bytes = (0..<Int(random.next() % 8)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let path = BytePath(bytes)
            #expect(path.bytes == bytes, "seed \(seed)")
            if let other = seen[path.text], other != bytes {
                // Only for canonically equivalent texts.
                #expect(BytePath(other) != path, "seed \(seed)")
            }
            seen[path.text] = bytes
        }
    }
}
