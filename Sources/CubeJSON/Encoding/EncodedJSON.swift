/// A JSON text that becomes a part of another one. Only ``JSONBytesEncoder`` writes it, as a member or an element.
package struct EncodedJSON: Encodable, Sendable {
    /// A valid JSON text.
    package let bytes: [UInt8]

    /// Creates an array of JSON texts.
    package init(arrayOf texts: [[UInt8]]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(texts.reduce(2) { $0 + $1.count + 1 })
        bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += text
        }
        bytes.append(UInt8(ascii: "]"))
        self.bytes = bytes
    }

    /// - Throws: `EncodingError.invalidValue`, as no other encoder can write the text.
    package func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, .init(codingPath: encoder.codingPath, debugDescription: "Only JSONBytesEncoder writes a JSON text."))
    }
}
