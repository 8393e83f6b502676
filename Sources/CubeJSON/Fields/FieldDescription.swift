/// How people write the values of a type, for the reference.
package struct ValueForm: Sendable {
    /// A noun phrase with the bounds: `integer from 0 to 65535`.
    package var phrase: String
    /// A value that the type reads.
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

/// What the reference says about one field. It comes from the field's table, so it is never out of date.
package struct FieldDescription: Sendable {
    package let key: String
    /// What the field means, in sentences; the default is not among them.
    package let summary: String
    package let isRequired: Bool
    package let form: ValueForm
    /// The value that holds where the field is left out, as JSON or in words; `nil` where nothing holds.
    package let standard: String?
    package let example: CanonicalJSON
    /// Reads the example and returns what is wrong with it: nothing, or a test fails.
    package let exampleProblems: @Sendable () -> [String]

    /// The summary and the default, as the JSON Schema says them.
    var sentences: String { standard.map { "\(summary) Default: \($0)." } ?? summary }
}

extension CanonicalJSON {
    /// On one line, with a space after each comma and colon, as people write short JSON.
    package var line: String {
        switch self {
        case .string, .integer, .boolean: String(decoding: bytes, as: UTF8.self)
        case .array(let elements): "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(CanonicalJSON.string($0.key).line): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }

    /// Whether it stands for nothing: such a default is not worth a word.
    var isEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.values.allSatisfy(\.isEmpty)
        case .integer, .boolean: false
        }
    }
}
