package import CubeJSON

/// A key of an object. It defines how the value is read, its JSON Schema, its canonical form and its documentation.
///
/// A class, because a table of fields is read for each object, and a reference is copied faster than a dozen closures.
package final class Field<Root: Sendable>: Sendable {
    package let key: String
    /// The meaning of the field, in sentences, without its default.
    let summary: String
    let isRequired: Bool
    /// The JSON Schema of the value; `nil` if this version rejects the field as `unsupported`.
    let schema: [String: CanonicalJSON]?
    /// The JSON Schema of the value's wire form; `nil` if the field is never sent.
    let wire: [String: CanonicalJSON]?
    package var isSupported: Bool { schema != nil }
    let read: @Sendable (JSONValue, inout Root, inout FieldReader) -> Void
    /// Returns the canonical form of the value; `nil` if it equals the value in the default object `standard`.
    let write: @Sendable (Root, _ standard: Root) -> CanonicalJSON?
    /// Returns the value as people write it, including defaults; `nil` if there is none.
    let show: @Sendable (Root) -> CanonicalJSON?

    /// Returns the value as people write it; `nil` if it equals the value in the default object `standard`.
    let showWritten: @Sendable (Root, _ standard: Root) -> CanonicalJSON?

    /// Validates the value in an object that was not read by a table.
    let examine: @Sendable (Root, inout FieldChecker) -> Void

    /// Copies the value from one object to another.
    let copy: @Sendable (_ from: Root, _ into: inout Root) -> Void

    /// Returns the documentation of the field in an object with the given defaults; `nil` if this version rejects the field.
    let describe: @Sendable (Root) -> FieldDescription?

    init(
        key: String, summary: String, isRequired: Bool, schema: [String: CanonicalJSON]?,
        wire: [String: CanonicalJSON]?,
        read: @escaping @Sendable (JSONValue, inout Root, inout FieldReader) -> Void,
        write: @escaping @Sendable (Root, _ standard: Root) -> CanonicalJSON?,
        show: @escaping @Sendable (Root) -> CanonicalJSON?,
        showWritten: @escaping @Sendable (Root, _ standard: Root) -> CanonicalJSON?,
        examine: @escaping @Sendable (Root, inout FieldChecker) -> Void,
        copy: @escaping @Sendable (_ from: Root, _ into: inout Root) -> Void,
        describe: @escaping @Sendable (Root) -> FieldDescription?
    ) {
        self.key = key
        self.summary = summary
        self.isRequired = isRequired
        self.schema = schema
        self.wire = wire
        self.read = read
        self.write = write
        self.show = show
        self.showWritten = showWritten
        self.examine = examine
        self.copy = copy
        self.describe = describe
    }

    /// Creates a field for a property.
    ///
    /// - Parameters:
    ///   - standard: a description of the default that is not a fixed value; if omitted, the default is the property's value in the
    ///     default object.
    ///   - example: an example value; if omitted, the example of the type.
    ///   - summary: the meaning of the field, in sentences, without its default.
    package convenience init<Value: Equatable>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ type: FieldType<Value>,
        isRequired: Bool = false, default standard: String? = nil, example: CanonicalJSON? = nil, _ summary: String
    ) {
        let property = StoredProperty(property)
        self.init(
            key: key, summary: summary, isRequired: isRequired, schema: type.schema, wire: type.wire,
            read: { value, root, reader in
                if let value = type.read(value, &reader) { property.change(in: &root) { $0 = value } }
            },
            write: { root, standard in
                let value = property.value(in: root)
                // Comparing by canonical equivalence is safe here, because no default has another equivalent spelling.
                return value == property.value(in: standard) ? nil : type.write(value)
            },
            show: { type.show(property.value(in: $0)) },
            showWritten: { root, standard in
                let value = property.value(in: root)
                return value == property.value(in: standard) ? nil : type.showWritten(value)
            },
            examine: { type.examine(property.value(in: $0), &$1) },
            copy: { from, into in property.change(in: &into) { $0 = property.value(in: from) } },
            describe: { root in
                let shown =
                    isRequired ? nil : type.show(property.value(in: root)).flatMap { $0.isEmpty ? nil : $0.line }
                let example = example ?? type.form.example
                return FieldDescription(
                    key: key, summary: summary, isRequired: isRequired, form: type.form, standard: standard ?? shown,
                    example: example,
                    exampleProblems: { FieldReader.problems(reading: example) { _ = type.read($0, &$1) } })
            })
    }

    /// Creates a field for a nested object with fields of its own.
    package convenience init<Value: Equatable>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ table: FieldTable<Value>,
        example: CanonicalJSON, _ summary: String
    ) {
        let property = StoredProperty(property)
        self.init(
            key: key, summary: summary, isRequired: false, schema: table.schema, wire: table.wireSchema,
            read: { value, root, reader in
                property.change(in: &root) { _ = table.read(value, into: &$0, &reader, example: example) }
            },
            write: { root, standard in
                let members = table.canonical(property.value(in: root), without: property.value(in: standard))
                return members.isEmpty ? nil : .object(members)
            },
            show: { .object(table.shown(property.value(in: $0))) },
            showWritten: { root, standard in
                let members = table.written(property.value(in: root), without: property.value(in: standard))
                return members.isEmpty ? nil : .object(members)
            },
            examine: { table.examine(property.value(in: $0), &$1) },
            copy: { from, into in property.change(in: &into) { $0 = property.value(in: from) } },
            describe: { root in
                FieldDescription(
                    key: key, summary: summary, isRequired: false,
                    form: ValueForm(
                        phrase: "object", example: example, fields: table.descriptions(of: property.value(in: root))),
                    standard: nil, example: example,
                    exampleProblems: {
                        FieldReader.problems(reading: example) { value, reader in
                            var object = property.value(in: root)
                            table.read(value, into: &object, &reader)
                        }
                    })
            })
    }

    /// Creates a string field that is accepted and ignored.
    package static func remark(_ key: String, example: CanonicalJSON, _ summary: String) -> Field {
        Field(
            key: key, summary: summary, isRequired: false, schema: FieldType<String>.string.schema, wire: nil,
            read: { value, _, reader in _ = FieldType<String>.string.read(value, &reader) }, write: { _, _ in nil },
            show: { _ in nil }, showWritten: { _, _ in nil }, examine: { _, _ in }, copy: { _, _ in },
            describe: { _ in
                FieldDescription(
                    key: key, summary: summary, isRequired: false, form: FieldType<String>.string.form, standard: nil,
                    example: example,
                    exampleProblems: {
                        FieldReader.problems(reading: example) { _ = FieldType<String>.string.read($0, &$1) }
                    })
            })
    }

    /// Creates a field that this version knows but does not support yet.
    ///
    /// - Parameter advice: what to do instead.
    package static func unsupported(_ key: String, advice: String = "") -> Field {
        Field(
            key: key, summary: advice, isRequired: false, schema: nil, wire: nil, read: { _, _, _ in },
            write: { _, _ in nil },
            show: { _ in nil }, showWritten: { _, _ in nil }, examine: { _, _ in }, copy: { _, _ in },
            describe: { _ in nil })
    }

    /// Returns the same field for an object that contains this object.
    package func within<Outer>(_ property: any WritableKeyPath<Outer, Root> & Sendable) -> Field<Outer> {
        let property = StoredProperty(property)
        return Field<Outer>(
            key: key, summary: summary, isRequired: isRequired, schema: schema, wire: wire,
            read: { [read] value, outer, reader in property.change(in: &outer) { read(value, &$0, &reader) } },
            write: { [write] outer, standard in write(property.value(in: outer), property.value(in: standard)) },
            show: { [show] outer in show(property.value(in: outer)) },
            showWritten: { [showWritten] outer, standard in
                showWritten(property.value(in: outer), property.value(in: standard))
            },
            examine: { [examine] outer, checker in examine(property.value(in: outer), &checker) },
            copy: { [copy] from, into in property.change(in: &into) { copy(property.value(in: from), &$0) } },
            describe: { [describe] outer in describe(property.value(in: outer)) })
    }
}
