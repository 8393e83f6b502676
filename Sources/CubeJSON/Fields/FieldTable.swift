/// The fields of an object, in the order in which they are read and documented.
package struct FieldTable<Root: Sendable>: Sendable {
    package let fields: [Field<Root>]
    /// The default object, in which every field has its default.
    package let standard: Root
    /// The advice for keys that other systems use, by key.
    private let foreignKeys: [String: String]
    /// The JSON Schema keywords that concern several fields.
    private let condition: [String: CanonicalJSON]
    /// The members that the object has only on the wire, with their JSON Schema.
    private let wireMembers: [String: CanonicalJSON]
    /// Checks the rules that concern several fields, after each field was found valid.
    private let check: @Sendable (Root, JSONValue, inout FieldReader) -> Void
    private let keys: [String]
    private let positions: [String: Int]

    package init(
        _ fields: [Field<Root>], standard: Root, foreignKeys: [String: String] = [:],
        condition: [String: CanonicalJSON] = [:],
        wireMembers: [String: CanonicalJSON] = [:],
        check: @escaping @Sendable (Root, JSONValue, inout FieldReader) -> Void = { _, _, _ in }
    ) {
        self.fields = fields
        self.standard = standard
        self.foreignKeys = foreignKeys
        self.condition = condition
        self.wireMembers = wireMembers
        self.check = check
        keys = fields.map(\.key)
        positions = Dictionary(uniqueKeysWithValues: zip(keys, fields.indices))
    }

    /// Reads an object into a default object, and reports all its problems.
    ///
    /// - Parameter example: an example for the report that the value is not an object.
    package func read(
        _ object: JSONValue, into root: inout Root, _ reader: inout FieldReader, example: CanonicalJSON? = nil
    ) {
        guard object.kind == .object else { return reader.reportMismatch(object, expected: "an object", example) }
        let problemsBefore = reader.problems.count
        var members = [(key: JSONValue, value: JSONValue)?](repeating: nil, count: fields.count)
        for member in object.members {
            if let position = positions[member.key.text] {
                members[position] = members[position] ?? member
            } else {
                reader.report(unknown(member.key))
            }
        }
        for (field, member) in zip(fields, members) {
            if let member, field.isSupported {
                reader.at(.field(field.key)) { field.read(member.value, &root, &$0) }
            } else if let member {
                reader.report(
                    Problem(
                        .unsupported, "unsupported key \"\(field.key)\"",
                        detail: .words(
                            ["this version of Cube does not support it", field.summary].filter { !$0.isEmpty }
                                .joined(separator: "; ")),
                        at: member.key.range))
            } else if field.isRequired {
                reader.report(.missing(field.key, in: object))
            }
        }
        if reader.problems.count == problemsBefore { check(root, object, &reader) }
    }

    private func unknown(_ key: JSONValue) -> Problem {
        Problem(
            .unknownKey, "unknown key \(Quoted(key.text))",
            detail: .key(key.text, among: keys, advice: foreignKeys), at: key.range)
    }

    /// Validates each field of an object that was not read by a table.
    package func examine(_ root: Root, _ checker: inout FieldChecker) {
        for field in fields { checker.at(.field(field.key)) { field.examine(root, &$0) } }
    }

    /// Returns the members of the object's canonical form: the fields that differ from the default object.
    package func canonical(_ root: Root, without standard: Root) -> [String: CanonicalJSON] {
        var members: [String: CanonicalJSON] = [:]
        for field in fields { members[field.key] = field.write(root, standard) }
        return members
    }

    /// Returns the fields that differ from the default object, as people write them.
    package func written(_ root: Root, without standard: Root) -> [String: CanonicalJSON] {
        var members: [String: CanonicalJSON] = [:]
        for field in fields { members[field.key] = field.showWritten(root, standard) }
        return members
    }

    /// Returns all fields that have a value, including defaults, as people write them.
    package func shown(_ root: Root) -> [String: CanonicalJSON] {
        var members: [String: CanonicalJSON] = [:]
        for field in fields { members[field.key] = field.show(root) }
        return members
    }

    /// The documentation of the supported fields, in the order of the table.
    package var descriptions: [FieldDescription] { descriptions(of: standard) }

    /// Returns the documentation of the supported fields for an object with other defaults.
    func descriptions(of root: Root) -> [FieldDescription] { fields.compactMap { $0.describe(root) } }

    /// Copies all fields of this table from one object to another.
    package func copy(from object: Root, into other: inout Root) {
        for field in fields { field.copy(object, &other) }
    }

    /// The JSON Schema (draft 2020-12) of the object.
    package var schema: [String: CanonicalJSON] {
        var schema = schema(\.schema)
        schema["additionalProperties"] = false
        return schema
    }

    /// The JSON Schema of the object's wire form. It allows additional members, because a newer program may send them.
    package var wireSchema: [String: CanonicalJSON] { schema(\.wire, members: wireMembers) }

    private func schema(
        _ form: (Field<Root>) -> [String: CanonicalJSON]?, members: [String: CanonicalJSON] = [:]
    ) -> [String: CanonicalJSON] {
        var properties = members
        for field in fields {
            guard let schema = form(field) else { continue }
            let sentences = field.describe(standard)?.sentences ?? field.summary
            properties[field.key] = .object(schema.merging(["description": .string(sentences)]) { own, _ in own })
        }
        var schema = condition
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        let required = fields.filter(\.isRequired).map { CanonicalJSON.string($0.key) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return schema
    }
}
