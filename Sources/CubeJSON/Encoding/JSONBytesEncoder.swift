/// Encodes values as JSON bytes: the bytes that Foundation's `JSONEncoder` gives with `.sortedKeys` and `.withoutEscapingSlashes`, but
/// without a tree of values in between.
///
/// All values are written into one array of bytes. The members of an object are written in the order in which its type encodes them,
/// and sorted by the UTF-8 bytes of their keys when the object ends. Of two members with the same key, the last one stays.
package enum JSONBytesEncoder {
    /// Returns the JSON text of a value.
    ///
    /// - Throws: `EncodingError.invalidValue` for a number that is not finite, for arrays and objects that are nested deeper than
    ///   511 levels, for `Data`, `URL`, `Decimal` and integers of 128 bits, and if the value encodes nothing. Otherwise, the error of the
    ///   value.
    package static func bytes(of value: some Encodable) throws -> [UInt8] { try JSONValueEncoder.bytes(of: value) }
}
