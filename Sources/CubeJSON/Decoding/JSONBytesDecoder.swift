/// Decodes values from JSON: what Foundation's `JSONDecoder` decodes, but from a strict document, and without a tree of values in between.
///
/// A text that is not valid by RFC 8259, such as one with a trailing comma, is an error. Of two members with the same key, the first one
/// counts; a caller for whom they are an error looks at ``JSONDocument/duplicateKeys``.
package enum JSONBytesDecoder {
    /// The nesting of arrays and objects that ``JSONBytesEncoder`` writes.
    package static let maximumDepth = 511

    /// Returns the value of a JSON text.
    ///
    /// - Parameters:
    ///   - userInfo: what `Decoder.userInfo` gives to the value.
    ///   - repeated: the values that the text may share with others.
    /// - Throws: `DecodingError.dataCorrupted` if the text is not valid JSON. Otherwise, as ``value(_:from:userInfo:repeated:)`` does.
    package static func value<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable] = [:],
        repeated: (any ValueMemory)? = nil
    ) throws -> Value {
        let document: JSONDocument
        do throws(Problem) {
            document = try JSONDocument(reading: bytes, as: "text", maximumDepth: maximumDepth)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "is not valid JSON: \(error.summary)", underlyingError: error))
        }
        return try value(type, from: document, userInfo: userInfo, repeated: repeated)
    }

    /// Returns the value of a document.
    ///
    /// - Throws: `DecodingError` with the path of the value that cannot be decoded; for `Data`, `URL` and `Decimal`, `dataCorrupted`.
    ///   Otherwise, the error of the value.
    package static func value<Value: Decodable>(
        _ type: Value.Type = Value.self, from document: JSONDocument, userInfo: [CodingUserInfoKey: any Sendable] = [:],
        repeated: (any ValueMemory)? = nil
    ) throws -> Value {
        try DecodedDocument(document, userInfo: userInfo, repeated: repeated).value(type, at: 0)
    }
}
