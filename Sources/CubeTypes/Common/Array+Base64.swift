import FoundationEssentials

extension [UInt8] {
    /// The bytes as Base64 text. Encoders get this text, as only Foundation's `JSONEncoder` writes `Data` as Base64.
    var base64: String { Data(self).base64EncodedString() }
}
