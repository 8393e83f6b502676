import CubeJSON
import CubeTesting
import Testing

@Suite struct ExactTextTests {
    @Test func `texts are compared by their bytes`() {
        var random = SeededGenerator()
        let parts = ["a", "b", "abcdefg", "abcdefgh", "é", "e\u{301}", "😀", "\u{0}", "\u{7F}", "", "zz"]
        for _ in 0..<20_000 {
            let shared = (0..<Int.random(in: 0...3, using: &random)).map { _ in random.pick(parts) }.joined()
            let texts = (0..<2).map { _ in
                shared + (0..<Int.random(in: 0...3, using: &random)).map { _ in random.pick(parts) }.joined()
            }
            let (left, right) = (ExactText(texts[0]), ExactText(texts[1]))
            let note: Comment = "seed \(random.seed): \(texts)"
            #expect((left == right) == (Array(texts[0].utf8) == Array(texts[1].utf8)), note)
            #expect((left < right) == texts[0].utf8.lexicographicallyPrecedes(texts[1].utf8), note)
            if left == right { #expect(left.hashValue == right.hashValue, note) }
        }
        #expect(ExactText("é") != ExactText("e\u{301}"))
    }
}
