import CubeCore
import CubeJSON

// Limits that the core enforces. It counts bytes: a text of so many bytes has at most as many characters.
extension [String: CanonicalJSON] {
    static func characters(_ bytes: Int) -> [String: CanonicalJSON] { ["maxLength": .integer(Int64(bytes))] }

    static func elements(_ count: Int) -> [String: CanonicalJSON] { ["maxItems": .integer(Int64(count))] }

    /// The names and values of labels, and their number.
    static let labels: [String: CanonicalJSON] = [
        "maxProperties": .integer(Int64(TextBounds.labels)),
        "propertyNames": .object(.characters(TextBounds.labelName)),
        "additionalProperties": .object(["type": "string"].merging(.characters(TextBounds.labelValue)) { $1 }),
    ]
}

extension Schema {
    /// The same with further keywords at the property that a path of properties leads to.
    func refining(_ path: String..., with keywords: [String: CanonicalJSON]) -> Schema {
        Schema(Self.refined(self.keywords, path[...], keywords), components: components)
    }

    private static func refined(
        _ schema: [String: CanonicalJSON], _ path: ArraySlice<String>, _ keywords: [String: CanonicalJSON]
    ) -> [String: CanonicalJSON] {
        guard let key = path.first else {
            // Rules for names and values that are there already stay.
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
