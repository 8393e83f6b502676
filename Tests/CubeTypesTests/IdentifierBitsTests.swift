import CubeTesting
import CubeTypes
import Synchronization
import Testing

/// Identifiers whose bits are kept instead of their text.
struct IdentifierBitsTests {
    private static let digits = "0123456789abcdef"

    private static func hexadecimal(_ count: Int, _ random: inout some RandomNumberGenerator) -> String {
        String((0..<count).map { _ in digits.randomElement(using: &random)! })
    }

    private static func uuid(_ random: inout some RandomNumberGenerator) -> String {
        [8, 4, 4, 4, 12].map { hexadecimal($0, &random) }.joined(separator: "-")
    }

    @Test func `an id or a digest has the text that it was made from, and the order of the texts`() throws {
        var random = SeededGenerator()
        let note = Comment(rawValue: "CUBE_SEED=\(random.seed)")
        let uuids = (0..<200).map { _ in Self.uuid(&random) } + ["00000000-0000-0000-0000-000000000000"]
        let ids = try uuids.map { try #require(TaskID(rawValue: $0)) }
        #expect(ids.map(\.rawValue) == uuids && ids.sorted().map(\.rawValue) == uuids.sorted(), note)
        #expect(try uuids.map { try #require(ClusterID(rawValue: $0)).rawValue } == uuids)
        #expect(Set(ids).count == Set(uuids).count)
        // Texts that differ in one place only differ.
        let texts =
            (0..<64).map { place in
                "sha256:" + String((0..<64).map { $0 == place ? "f" : "0" })
            } + (0..<200).map { _ in "sha256:" + Self.hexadecimal(64, &random) }
        let digests = try texts.map { try #require(Digest(rawValue: $0)) }
        #expect(digests.map(\.rawValue) == texts && digests.sorted().map(\.rawValue) == texts.sorted(), note)
        #expect(Set(digests).count == Set(texts).count)
        #expect(Digest(sha256: Array(0..<32)).hexadecimal.hasPrefix("000102030405"))
        #expect(Digest(sha256: Array(0..<32)).hexadecimal.hasSuffix("1b1c1d1e1f"))
    }

    @Test(arguments: [
        "", "a", "0f3c0000-0000-5000-8000-00000000000", "0f3c0000-0000-5000-8000-0000000000000",
        "0F3C0000-0000-5000-8000-000000000000", "0f3c00000-000-5000-8000-000000000000",
        "0f3c0000-0000-5000-8000-00000000000g", "0f3c0000x0000-5000-8000-000000000000",
        "0f3c0000-0000-5000-8000-00000000000-", "0f3c0000-0000-5000-8000-0000000000ä",
        "\0f3c0000-0000-5000-8000-000000000000",
    ])
    func `another text is no id`(text: String) {
        #expect(TaskID(rawValue: text) == nil && ExecID(rawValue: text) == nil && SourceID(rawValue: text) == nil)
    }

    @Test(arguments: [
        "", "sha256:", "sha256:" + String(repeating: "0", count: 63), "sha256:" + String(repeating: "0", count: 65),
        "sha512:" + String(repeating: "0", count: 64), "SHA256:" + String(repeating: "0", count: 64),
        "sha256:" + String(repeating: "A", count: 64), "sha256:" + String(repeating: "g", count: 64),
        String(repeating: "0", count: 71), "sha256" + String(repeating: "0", count: 65),
    ])
    func `another text is no digest`(text: String) { #expect(Digest(rawValue: text) == nil) }

    /// An identifier whose text is expensive.
    private struct Costly: Identifier {
        static let rule = ""
        static let texts = Mutex(0)
        let number: Int
        init?(rawValue: String) { number = rawValue.utf8.count }
        var rawValue: String {
            Self.texts.withLock { $0 += 1 }
            return String(repeating: "a", count: number)
        }
        static func == (left: Costly, right: Costly) -> Bool { left.number == right.number }
        func hash(into hasher: inout Hasher) { hasher.combine(number) }
    }

    @Test func `comparing two identifiers makes no texts`() throws {
        let (one, two) = (try #require(Costly(rawValue: "a")), try #require(Costly(rawValue: "aa")))
        let (differ, same) = (one != two, one != one)
        let texts = Costly.texts.withLock(\.self)
        #expect(differ && !same && texts == 0)
    }
}
