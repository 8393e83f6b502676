import CubeJSON

/// A JSON Schema (draft 2020-12) of a value on the wire, with the named schemas to which it refers.
struct Schema: Sendable {
    let keywords: [String: CanonicalJSON]
    let components: [String: CanonicalJSON]

    init(_ keywords: [String: CanonicalJSON], components: [String: CanonicalJSON] = [:]) {
        self.keywords = keywords
        self.components = components
    }

    var json: CanonicalJSON { .object(keywords) }

    /// Returns a copy with additional keywords, which replace existing ones.
    func with(_ keywords: [String: CanonicalJSON]) -> Schema {
        Schema(self.keywords.merging(keywords) { $1 }, components: components)
    }
}

extension Schema {
    static let string = Schema(["type": "string"])
    static let boolean = Schema(["type": "boolean"])
    static let number = Schema(["type": "number", "minimum": 0])

    /// A string that matches a regular expression.
    static func pattern(_ pattern: String, example: String) -> Schema {
        string.with(["pattern": .string(pattern), "examples": [.string(example)]])
    }

    /// One of these words, or an unknown word of a newer version.
    static func words(_ words: [String]) -> Schema {
        string.with(["examples": .array(words.map { .string($0) })])
    }

    static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema([
            "type": "integer", "format": "int64", "minimum": .integer(Int64(range.lowerBound)),
            "maximum": .integer(Int64(range.upperBound)),
        ])
    }

    static func array(of items: Schema) -> Schema {
        Schema(["type": "array", "items": items.json], components: items.components)
    }

    /// An object with arbitrary keys.
    static func map(to values: Schema) -> Schema {
        Schema(["type": "object", "additionalProperties": values.json], components: values.components)
    }

    /// Exactly one of several schemas.
    static func oneOf(_ schemas: [Schema]) -> Schema {
        Schema(
            ["oneOf": .array(schemas.map(\.json))],
            components: schemas.reduce(into: [:]) { $0.merge($1.components) { $1 } })
    }

    /// An object. Unknown members are allowed, because a newer version may add members.
    static func object(_ members: [(key: String, schema: Schema, isRequired: Bool)]) -> Schema {
        var keywords: [String: CanonicalJSON] = [
            "type": "object",
            "properties": .object(Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.schema.json) })),
        ]
        let required = members.filter(\.isRequired).map { CanonicalJSON.string($0.key) }
        if !required.isEmpty { keywords["required"] = .array(required) }
        return Schema(keywords, components: members.reduce(into: [:]) { $0.merge($1.schema.components) { $1 } })
    }

    /// A reference to a named schema in the components of a document.
    static func component(_ name: String, _ schema: Schema) -> Schema {
        Schema(
            ["$ref": .string("#/components/schemas/\(name)")],
            components: schema.components.merging([name: schema.json]) { $1 })
    }
}
