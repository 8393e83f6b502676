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

    private init(
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
        self.init(
            key: key, summary: summary, isRequired: isRequired, schema: type.schema, wire: type.wire,
            read: { value, root, reader in
                if let value = type.read(value, &reader) { root[keyPath: property] = value }
            },
            write: { root, standard in
                let value = root[keyPath: property]
                // Comparing by canonical equivalence is safe here, because no default has another equivalent spelling.
                return value == standard[keyPath: property] ? nil : type.write(value)
            },
            show: { type.show($0[keyPath: property]) },
            showWritten: { root, standard in
                let value = root[keyPath: property]
                return value == standard[keyPath: property] ? nil : type.showWritten(value)
            },
            examine: { type.examine($0[keyPath: property], &$1) },
            copy: { $1[keyPath: property] = $0[keyPath: property] },
            describe: { root in
                let shown = isRequired ? nil : type.show(root[keyPath: property]).flatMap { $0.isEmpty ? nil : $0.line }
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
        self.init(
            key: key, summary: summary, isRequired: false, schema: table.schema, wire: table.wireSchema,
            read: { value, root, reader in
                table.read(value, into: &root[keyPath: property], &reader, example: example)
            },
            write: { root, standard in
                let members = table.canonical(root[keyPath: property], without: standard[keyPath: property])
                return members.isEmpty ? nil : .object(members)
            },
            show: { .object(table.shown($0[keyPath: property])) },
            showWritten: { root, standard in
                let members = table.written(root[keyPath: property], without: standard[keyPath: property])
                return members.isEmpty ? nil : .object(members)
            },
            examine: { table.examine($0[keyPath: property], &$1) },
            copy: { $1[keyPath: property] = $0[keyPath: property] },
            describe: { root in
                FieldDescription(
                    key: key, summary: summary, isRequired: false,
                    form: ValueForm(
                        phrase: "object", example: example, fields: table.descriptions(of: root[keyPath: property])),
                    standard: nil, example: example,
                    exampleProblems: {
                        FieldReader.problems(reading: example) { value, reader in
                            var object = root[keyPath: property]
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
        Field<Outer>(
            key: key, summary: summary, isRequired: isRequired, schema: schema, wire: wire,
            read: { [read] value, outer, reader in read(value, &outer[keyPath: property], &reader) },
            write: { [write] outer, standard in write(outer[keyPath: property], standard[keyPath: property]) },
            show: { [show] outer in show(outer[keyPath: property]) },
            showWritten: { [showWritten] outer, standard in
                showWritten(outer[keyPath: property], standard[keyPath: property])
            },
            examine: { [examine] outer, checker in examine(outer[keyPath: property], &checker) },
            copy: { [copy] from, into in copy(from[keyPath: property], &into[keyPath: property]) },
            describe: { [describe] outer in describe(outer[keyPath: property]) })
    }
}
