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

extension Schema {
    /// Returns a copy with additional keywords at a nested property.
    func refining(_ path: String..., with keywords: [String: CanonicalJSON]) -> Schema {
        Schema(Self.refined(self.keywords, path[...], keywords), components: components)
    }

    private static func refined(
        _ schema: [String: CanonicalJSON], _ path: ArraySlice<String>, _ keywords: [String: CanonicalJSON]
    ) -> [String: CanonicalJSON] {
        guard let key = path.first else {
            // Existing keywords for names and values are kept.
            return schema.merging(keywords) { old, new in
                guard case .object(let old) = old, case .object(let new) = new else { return new }
                return .object(old.merging(new) { $1 })
            }
        }
        guard case .object(var properties)? = schema["properties"], case .object(let property)? = properties[key] else {
            preconditionFailure("the schema has no property \(key)")
        }
        properties[key] = .object(refined(property, path.dropFirst(), keywords))
        return schema.merging(["properties": .object(properties)]) { $1 }
    }
}
