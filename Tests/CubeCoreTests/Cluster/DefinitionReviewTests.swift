import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

@Suite struct DefinitionReviewTests {
    @Test func `a review finds what the definition of each operation has, byte by byte`() {
        var spelled = TaskDefinition(name: "web", command: ["web"], env: ["A\u{2260}": "1"])
        var unspelled = spelled
        // Canonically the same name, which contains "=".
        unspelled.env = ["A=\u{338}": "1"]
        #expect(spelled == unspelled)
        let definitions = [spelled, unspelled, spelled, TaskDefinition(name: "empty"), unspelled]
        let batch = BatchRequest(owner: .manual, operations: definitions.map { .definition($0) })
        let review = DefinitionReview(of: batch)
        for (position, definition) in definitions.enumerated() {
            let expected = definition.refusals(at: "definition")
            #expect(expected.isEmpty == (position == 0 || position == 2))
            #expect(review.refusals(of: definition, in: position, at: "definition") == expected)
        }
        // An operation that was not reviewed, and another path.
        spelled.command = []
        #expect(review.refusals(of: spelled, in: 99, at: "definition") == spelled.refusals(at: "definition"))
        #expect(review.refusals(of: unspelled, in: 1, at: "x") == unspelled.refusals(at: "x"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a request with many objects where a text is possible is decoded at once`() throws {
        let elements = Array(repeating: #"{"source":""}"#, count: 100_000).joined(separator: ",")
        let bytes = Array(#"{"name":"web","command":["web"],"env_from":[\#(elements)]}"#.utf8)
        let definition: TaskDefinition = try JSONBytesDecoder.value(from: bytes)
        #expect(definition.envFrom.count == 100_000)
    }
}
