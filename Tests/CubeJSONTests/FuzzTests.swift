import CubeTesting
import Testing

@testable import CubeJSON

@Suite struct FuzzTests {
    @Test func `no sequence of bytes crashes the reader, and every location is within the text`() throws {
        var generator = SeededGenerator()
        print("fuzz: seed \(generator.seed)")
        let text = Array(
            #"[{"name": "wéb\ud83d\ude00\n", "cpu": -1.5e+3, "env": {"A": "", "A": null}}, [true, false, [], {}]]"#.utf8
        )
        var read = 0
        for _ in 0..<50_000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[position] = generator.pick(text)
                case 2: bytes.removeSubrange(position..<min(bytes.count - 1, position + 9))
                default: bytes.insert(contentsOf: text[..<(position % text.count)], at: position)
                }
                if bytes.isEmpty { bytes = text }
            }
            do throws(Problem) {
                let document = try JSONDocument(reading: bytes)
                read += 1
                for index in document.tape.indices {
                    let value = JSONValue(document: document, index: index)
                    _ = (value.string, value.number?.integer(), value.boolean)
                    #expect(value.range.lowerBound < value.range.upperBound && value.range.upperBound <= bytes.count)
                }
                _ = document.duplicateKeys
            } catch {
                #expect((0...bytes.count).contains(error.range.upperBound), "seed \(generator.seed)")
                for diagnostic in Problem.diagnostics(of: [error], in: bytes, filename: "f") {
                    _ = diagnostic.text(source: bytes)
                }
            }
        }
        print("fuzz: \(read) of 50000 read")
    }
}
