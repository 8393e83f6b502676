import CubeCore
import CubeJSON

// Schema keywords for the limits that the core enforces. The core counts bytes, and a text of n bytes has at most n
// characters.
extension [String: CanonicalJSON] {
    static func characters(_ bytes: Int) -> [String: CanonicalJSON] { ["maxLength": .integer(Int64(bytes))] }

    static func elements(_ count: Int) -> [String: CanonicalJSON] { ["maxItems": .integer(Int64(count))] }

    /// The limits of labels: their number, and the length of names and values.
    static let labels: [String: CanonicalJSON] = [
        "maxProperties": .integer(Int64(TextBounds.labels)),
        "propertyNames": .object(.characters(TextBounds.labelName)),
        "additionalProperties": .object(["type": "string"].merging(.characters(TextBounds.labelValue)) { $1 }),
    ]
}
