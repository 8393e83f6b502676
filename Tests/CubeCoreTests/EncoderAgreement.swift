import CubeJSON
import FoundationEssentials
import Testing

/// Expects that the encoder for stores and the wire gives the bytes that Foundation's encoder gives.
func expectSameBytes(of value: some Encodable, sourceLocation: SourceLocation = #_sourceLocation) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        let text = String(decoding: try JSONBytesEncoder.bytes(of: value), as: UTF8.self)
        let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
        #expect(text == expected, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
