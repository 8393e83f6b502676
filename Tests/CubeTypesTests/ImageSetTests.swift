import CubeTypes
import Foundation
import Testing

struct ImageSetTests {
    private func names(_ count: Int) -> [String] { (0..<count).map { "registry.example/team/app-\($0):1.\($0)" } }

    @Test func `A set contains the references that it was made of, also after it was sent`() throws {
        let set = ImageSet(names(300))
        let sent = try JSONEncoder().encode(set)
        let received = try JSONDecoder().decode(ImageSet.self, from: sent)
        #expect(received == set)
        #expect(names(300).allSatisfy(received.contains) && !received.contains("registry.example/team/app-300:1.300"))
        #expect(sent.count < 4900, "300 references take \(sent.count) bytes")
        #expect(ImageSet(names(300).reversed()) == set)
        #expect(try JSONDecoder().decode(ImageSet.self, from: Data("\"\"".utf8)).isEmpty)
    }

    @Test func `A set has a limit, and a longer or invalid one is refused`() throws {
        let set = ImageSet(names(1000))
        #expect(set.contains(names(512)[511]) && !set.contains(names(513)[512]))
        let tooLong = String(repeating: "0123456789abcdef", count: ImageSet.limit + 1)
        for text in [tooLong, "0123456789abcde", "0123456789abcdeg", "+123456789abcdef"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ImageSet.self, from: Data("\"\(text)\"".utf8))
            }
        }
    }
}
