import CubeTypes
import Testing

/// Pauses, hashes and encodings that several targets share.
struct BackoffTests {
    @Test func `the pause doubles with each failure up to the longest`() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        #expect((0...8).map { backoff.step(after: $0) } == [1, 1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        #expect(backoff.step(after: .max) == .seconds(60))
        // However large the spans are that a person chose, nothing overflows.
        let long = Backoff(first: .seconds(Int64.max / 4), longest: .seconds(Int64.max / 3))
        #expect(long.step(after: .max) == .seconds(Int64.max / 3))
    }

    @Test func `half of a pause is left to chance`() {
        let backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
        #expect(backoff.pause(after: 2, jitter: 0) == .milliseconds(200))
        #expect(backoff.pause(after: 2, jitter: 0.5) == .milliseconds(300))
        #expect(backoff.pause(after: 2, jitter: 1) == .milliseconds(400))
        #expect(Double(unitInterval: 0) == 0 && Double(unitInterval: .max) < 1)
    }

    /// The vectors of Fowler, Noll and Vo.
    @Test(arguments: [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)])
    func `the hash is that of its authors`(text: String, hash: UInt64) { #expect(FNV1a.hash(text.utf8) == hash) }

    @Test(arguments: [
        ("", ""), ("a-Z0.9_~", "a-Z0.9_~"), ("a b/ä%", "a%20b%2F%C3%A4%25"), ("\u{1}", "%01"),
    ])
    func `a text is encoded for a URL and decoded again`(text: String, encoded: String) {
        #expect(text.percentEncoded == encoded)
        #expect(encoded.percentDecoded == text)
        #expect(encoded.percentDecodedWherePossible == text)
    }

    @Test(arguments: ["%", "a%2", "%zz", "%+1", "%C3"])
    func `an encoding that is none is refused, or stays as it is`(text: String) {
        #expect(text.percentDecoded == nil)
        if text != "%C3" { #expect(text.percentDecodedWherePossible == text) }
    }
}
