package import CubeJSON

/// The written form of a type's values, for the reference documentation.
package struct ValueForm: Sendable {
    /// A noun phrase that includes the bounds: `integer from 0 to 65535`.
    package var phrase: String
    /// A valid example value.
    package var example: CanonicalJSON
    /// The fields of the object, or of each object in the array.
    package var fields: [FieldDescription]
    /// Whether ``fields`` belong to the objects in an array.
    package var isArray: Bool

    package init(phrase: String, example: CanonicalJSON) {
        self.init(phrase: phrase, example: example, fields: [])
    }

    init(phrase: String, example: CanonicalJSON, fields: [FieldDescription], isArray: Bool = false) {
        self.phrase = phrase
        self.example = example
        self.fields = fields
        self.isArray = isArray
    }
}

/// The documentation of a field. It is derived from the field table, so it is never out of date.
package struct FieldDescription: Sendable {
    package let key: String
    /// The meaning of the field, in sentences, without its default.
    package let summary: String
    package let isRequired: Bool
    package let form: ValueForm
    /// The default, as JSON or in words; `nil` if there is none.
    package let standard: String?
    package let example: CanonicalJSON
    /// Returns the problems of the example. A test verifies that there are none.
    package let exampleProblems: @Sendable () -> [String]

    /// The summary and the default, as in the JSON Schema.
    var sentences: String { standard.map { "\(summary) Default: \($0)." } ?? summary }
}
