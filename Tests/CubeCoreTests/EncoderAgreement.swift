import CubeJSON
import FoundationEssentials
import Testing

/// Expects that the encoder for stores and the wire gives the bytes that Foundation's encoder gives, and that the decoder for them gives
/// the same value again.
func expectSameBytes<Value: Codable>(of value: Value, sourceLocation: SourceLocation = #_sourceLocation) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        let bytes = try JSONBytesEncoder.bytes(of: value)
        let text = String(decoding: bytes, as: UTF8.self)
        let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
        #expect(text == expected, sourceLocation: sourceLocation)
        let copy: Value = try JSONBytesDecoder.value(from: bytes)
        #expect(try JSONBytesEncoder.bytes(of: copy) == bytes, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
