package import CubeJSON

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
    private let positions: KeyIndex
    /// The positions of the fields, sorted by the bytes of their keys.
    private let canonicalOrder: [Int]
    private let isRequired: [Bool]

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
        isRequired = fields.map(\.isRequired)
        positions = KeyIndex(keys)
        canonicalOrder = fields.indices.sorted { fields[$0].key.utf8.lexicographicallyPrecedes(fields[$1].key.utf8) }
    }

    /// Reads an object into a default object, and reports all its problems.
    ///
    /// - Parameter example: an example for the report that the value is not an object.
    /// - Returns: the fields that the object has.
    @discardableResult
    package func read(
        _ object: JSONValue, into root: inout Root, _ reader: inout FieldReader, example: CanonicalJSON? = nil
    ) -> PresentFields {
        var present = PresentFields()
        guard object.kind == .object else {
            reader.reportMismatch(object, expected: "an object", example)
            return present
        }
        let problemsBefore = reader.problems.count
        var keys = [Int32](repeating: 0, count: fields.count)
        for key in object.keys {
            if let position = position(of: key) {
                if keys[position] == 0 { keys[position] = Int32(key.index) }
                present.insert(position)
            } else {
                reader.report(unknown(key))
            }
        }
        for position in fields.indices {
            // The object itself has the index 0 at least, so a key has not.
            if keys[position] == 0 {
                if isRequired[position] { reader.report(.missing(fields[position].key, in: object)) }
                continue
            }
            let field = fields[position]
            let key = JSONValue(document: object.document, index: Int(keys[position]))
            if field.isSupported {
                reader.at(.field(field.key)) { field.read(key.following, &root, &$0) }
            } else {
                reader.report(unsupported(field, at: key))
            }
        }
        if reader.problems.count == problemsBefore { check(root, object, &reader) }
        return present
    }

    /// Whether a key is that of a field.
    func hasField(named key: JSONValue) -> Bool { position(of: key) != nil }

    private func position(of key: JSONValue) -> Int? {
        // No key of a table has an escape, and none is equivalent to a text with other characters.
        if let found = key.withPlainText(positions.position) { return found }
        return Array(key.text.utf8).withUnsafeBufferPointer(positions.position)
    }

    private func unsupported(_ field: Field<Root>, at key: JSONValue) -> Problem {
        Problem(
            .unsupported, "unsupported key \"\(field.key)\"",
            detail: .words(
                ["this version of Cube does not support it", field.summary].filter { !$0.isEmpty }
                    .joined(separator: "; ")),
            at: key.range)
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

    /// Returns the object's canonical form as bytes: the fields that differ from the default object.
    ///
    /// - Parameter present: the fields that may differ. All others have their default.
    package func canonicalBytes(_ root: Root, without standard: Root, among present: PresentFields) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256)
        output.append(UInt8(ascii: "{"))
        for position in canonicalOrder where present.contains(position) {
            let field = fields[position]
            guard let value = field.write(root, standard) else { continue }
            if output.count > 1 { output.append(UInt8(ascii: ",")) }
            CanonicalJSON.write(field.key, to: &output)
            output.append(UInt8(ascii: ":"))
            value.write(to: &output, indentation: nil)
        }
        output.append(UInt8(ascii: "}"))
        return output
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
