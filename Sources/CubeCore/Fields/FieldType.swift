package import CubeJSON

/// The type of a field's values: how they are read, documented and written in canonical form.
package struct FieldType<Value: Sendable>: Sendable {
    /// The written form of the values.
    package let form: ValueForm
    /// The JSON Schema keywords of the values.
    package let schema: [String: CanonicalJSON]
    /// The JSON Schema keywords of the wire form.
    let wire: [String: CanonicalJSON]
    /// Reads a value. Returns `nil` if the value is invalid, and reports its problems.
    let read: @Sendable (JSONValue, inout FieldReader) -> Value?
    /// Writes a value in canonical form; returns `nil` if there is nothing to write.
    let write: @Sendable (Value) -> CanonicalJSON?
    /// Writes a value as people do, such as `"5s"` for 5000 in canonical form.
    let show: @Sendable (Value) -> CanonicalJSON?
    /// Writes a value as people do, without the parts that have their default.
    let showWritten: @Sendable (Value) -> CanonicalJSON?
    /// Validates a value that was not created by `read`.
    let examine: @Sendable (Value, inout FieldChecker) -> Void

    /// - Parameters:
    ///   - form: a noun phrase that includes the bounds, and an example.
    ///   - wire: the JSON Schema keywords of the wire form, if they differ from `schema`.
    ///   - show: writes a value as people do, if that differs from the canonical form.
    ///   - showWritten: writes a value without the parts that have their default, if it has such parts.
    package init(
        _ form: ValueForm, schema: [String: CanonicalJSON], wire: [String: CanonicalJSON]? = nil,
        read: @escaping @Sendable (JSONValue, inout FieldReader) -> Value?,
        write: @escaping @Sendable (Value) -> CanonicalJSON?, show: (@Sendable (Value) -> CanonicalJSON?)? = nil,
        showWritten: (@Sendable (Value) -> CanonicalJSON?)? = nil,
        examine: @escaping @Sendable (Value, inout FieldChecker) -> Void = { _, _ in }
    ) {
        self.form = form
        self.schema = schema
        self.wire = wire ?? schema
        self.read = read
        self.write = write
        self.show = show ?? write
        self.showWritten = showWritten ?? show ?? write
        self.examine = examine
    }

    /// Creates a type for strings that are parsed into a value.
    ///
    /// - Parameters:
    ///   - phrase: the name of the type in the reference documentation.
    ///   - rule: the rule for a string, worded for a message: `must be …`.
    ///   - hint: returns a hint for an invalid string, such as the value that was probably intended.
    package static func string(
        _ phrase: String = "string", example: String, schema: [String: CanonicalJSON] = [:], rule: String,
        parse: @escaping @Sendable (String) -> Value?,
        hint: @escaping @Sendable (String) -> Problem.Detail = { _ in "" },
        write: @escaping @Sendable (Value) -> CanonicalJSON
    ) -> FieldType {
        FieldType(
            ValueForm(phrase: phrase, example: .string(example)),
            schema: schema.merging(["type": "string"]) { own, _ in own },
            read: { value, reader in
                guard let text = FieldType<String>.plain(value, &reader) else { return nil }
                if let parsed = parse(text) { return parsed }
                reader.report(.invalidValue, "\(Quoted(text)) \(rule)", detail: hint(text), at: value)
                return nil
            },
            write: write,
            examine: { value, checker in
                guard case .string(let text) = write(value) else { return }
                checker.checkText(text)
                if parse(text) == nil { checker.report(rule) }
            })
    }

    /// Creates a type for a fixed set of strings.
    ///
    /// - Parameter foreign: the equivalents of words that other systems use, by the form of ``Suggestion/plain(_:)``.
    package static func oneOf(
        _ words: [String], foreign: [String: String] = [:], parse: @escaping @Sendable (String) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) -> FieldType {
        FieldType(
            ValueForm(
                phrase: words.count == 1
                    ? "`\"\(words[0])\"`" : "one of " + words.map { "`\"\($0)\"`" }.joined(separator: ", "),
                example: .string(words[0])),
            schema: ["enum": .array(words.map { .string($0) })],
            read: { value, reader in
                guard let text = FieldType<String>.plain(value, &reader) else { return nil }
                if words.contains(text) { return parse(text) }
                reader.report(
                    .invalidValue, "\(Quoted(text)) must be one of \(words.joined(separator: ", "))",
                    detail: foreign[Suggestion.plain(text)].map { .words("did you mean \"\($0)\"?") }
                        ?? .word(text, among: words), at: value)
                return nil
            },
            write: { .string(write($0)) },
            examine: { value, checker in
                if !words.contains(write(value)) { checker.report("must be one of \(words.joined(separator: ", "))") }
            })
    }

    /// The same type for an optional property, which is `nil` if the key is absent.
    package var optional: FieldType<Value?> {
        FieldType<Value?>(
            form, schema: schema, wire: wire, read: { [read] in read($0, &$1) },
            write: { [write] in $0.flatMap(write) },
            show: { [show] in $0.flatMap(show) },
            showWritten: { [showWritten] in $0.flatMap(showWritten) },
            examine: { [examine] value, checker in if let value { examine(value, &checker) } })
    }

    /// Returns the same type with another wire form.
    package func onWire(_ wire: [String: CanonicalJSON]) -> FieldType {
        FieldType(
            form, schema: schema, wire: wire, read: read, write: write, show: show, showWritten: showWritten,
            examine: examine)
    }

    /// Returns the same type, with each value converted before it is written. Reading does not convert values.
    package func writing(_ form: @escaping @Sendable (Value) -> Value) -> FieldType {
        FieldType(
            self.form, schema: schema, wire: wire, read: read, write: { [write] in write(form($0)) },
            show: { [show] in show(form($0)) }, showWritten: { [showWritten] in showWritten(form($0)) },
            examine: examine)
    }

    /// Returns the same type with another validation of values that were not created by `read`.
    package func examined(_ examine: @escaping @Sendable (Value, inout FieldChecker) -> Void) -> FieldType {
        FieldType(
            form, schema: schema, wire: wire, read: read, write: write, show: show, showWritten: showWritten,
            examine: examine)
    }
}

extension FieldType where Value: Equatable {
    /// Creates a type for an optional object with fields of its own.
    package static func object(_ table: FieldTable<Value>, example: CanonicalJSON) -> FieldType {
        let standard = table.standard
        return FieldType(
            ValueForm(phrase: "object", example: example, fields: table.descriptions),
            schema: table.schema, wire: table.wireSchema,
            read: { value, reader in
                let problemsBefore = reader.problems.count
                var object = standard
                table.read(value, into: &object, &reader, example: example)
                return reader.problems.count == problemsBefore ? object : nil
            },
            write: { .object(table.canonical($0, without: standard)) }, show: { .object(table.shown($0)) },
            showWritten: { .object(table.written($0, without: standard)) },
            examine: { table.examine($0, &$1) })
    }
}

extension FieldType {
    /// Creates a type for arrays.
    ///
    /// - Parameters:
    ///   - elements: the name of the elements in the reference documentation, in the plural.
    package static func array<Element>(
        of element: FieldType<Element>, _ elements: String
    ) -> FieldType where Value == [Element] {
        FieldType(
            ValueForm(
                phrase: "array of \(elements)", example: .array([element.form.example]), fields: element.form.fields,
                isArray: true),
            schema: ["type": "array", "items": .object(element.schema)],
            wire: ["type": "array", "items": .object(element.wire)],
            read: { value, reader in
                guard value.kind == .array else {
                    reader.reportMismatch(value, expected: "an array", .array([element.form.example]))
                    return nil
                }
                var elements: [Element] = []
                for (position, item) in value.elements.enumerated() {
                    // Invalid elements are reported and omitted. The caller then discards the whole result.
                    if let item = reader.at(.index(position), { element.read(item, &$0) }) { elements.append(item) }
                }
                return elements
            },
            write: { .array($0.compactMap(element.write)) }, show: { .array($0.compactMap(element.show)) },
            showWritten: { .array($0.compactMap(element.showWritten)) },
            examine: { elements, checker in
                for (index, item) in elements.enumerated() {
                    checker.at(.index(index)) { element.examine(item, &$0) }
                }
            })
    }
}

extension FieldType where Value: RawRepresentable<String> {
    /// Creates a type for a fixed set of values.
    package static func oneOf(_ values: [Value], foreign: [String: String] = [:]) -> FieldType {
        .oneOf(values.map(\.rawValue), foreign: foreign, parse: { Value(rawValue: $0)! }, write: \.rawValue)
    }
}

extension FieldType<String> {
    /// Any string without a NUL character, which no program can receive.
    package static let string = FieldType(
        ValueForm(phrase: "string", example: "text"), schema: ["type": "string"], read: plain, write: { .string($0) },
        examine: { $1.checkText($0) })

    /// A string with a maximum length.
    package static func string(upToBytes limit: Int) -> FieldType {
        let rule = "must be at most \(limit) bytes long"
        // A text of n bytes has at most n characters, which JSON Schema counts.
        return FieldType(
            ValueForm(phrase: "string", example: "text"),
            schema: ["type": "string", "maxLength": .integer(Int64(limit))],
            read: { value, reader in
                guard let text = plain(value, &reader) else { return nil }
                if text.utf8.count > limit { reader.report(.outOfRange, rule, at: value) }
                return text
            },
            write: { .string($0) },
            examine: { text, checker in
                checker.checkText(text)
                if text.utf8.count > limit { checker.report(rule) }
            })
    }

    /// A non-empty string.
    package static let nonEmptyString = string(
        example: "text", schema: ["minLength": 1], rule: "must not be empty", parse: { $0.isEmpty ? nil : $0 },
        write: { .string($0) })

    /// Reads a string. Messages never contain its value, which may be a secret.
    @Sendable fileprivate static func plain(_ value: JSONValue, _ reader: inout FieldReader) -> String? {
        guard let text = value.string else {
            let isUnquoted = value.kind == .number || value.kind == .boolean
            reader.reportMismatch(value, expected: "a string", hint: isUnquoted ? "write it in quotes" : nil)
            return nil
        }
        if value.containsNUL {
            reader.report(.invalidValue, "must not contain the character U+0000", at: value)
            return nil
        }
        return text
    }
}

extension FieldType<Bool> {
    package static let boolean = FieldType(
        ValueForm(phrase: "boolean", example: true), schema: ["type": "boolean"],
        read: { value, reader in
            if value.boolean == nil {
                let isQuoted = value.string == "true" || value.string == "false"
                reader.reportMismatch(
                    value, expected: "true or false", hint: isQuoted ? "leave out the quotes" : nil)
            }
            return value.boolean
        },
        write: { .boolean($0) })
}

extension FieldType<Int> {
    /// Creates a type for whole numbers within bounds; `1.0` and `1e2` count as whole numbers.
    package static func integer(_ bounds: ClosedRange<Int>) -> FieldType {
        FieldType(
            ValueForm(
                phrase: "integer from \(bounds.lowerBound) to \(bounds.upperBound)",
                example: .integer(Int64(min(max(2, bounds.lowerBound), bounds.upperBound)))),
            schema: [
                "type": "integer", "minimum": .integer(Int64(bounds.lowerBound)),
                "maximum": .integer(Int64(bounds.upperBound)),
            ],
            read: { value, reader in
                guard let number = value.number else {
                    let isQuoted = value.string.flatMap { Int($0) } != nil
                    reader.reportMismatch(value, expected: "a number", hint: isQuoted ? "leave out the quotes" : nil)
                    return nil
                }
                if let integer = number.integer(), bounds.contains(integer) { return integer }
                reader.report(
                    .outOfRange,
                    "\(number) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)", at: value)
                return nil
            },
            write: { .integer(Int64($0)) },
            examine: { value, checker in
                if !bounds.contains(value) {
                    checker.report("must be from \(bounds.lowerBound) to \(bounds.upperBound)")
                }
            })
    }
}

extension FieldType<[String]> {
    /// An array of strings.
    package static let strings = strings(obeying: { _ in nil })

    /// Creates a type for arrays of strings that follow a rule.
    ///
    /// - Parameter problem: returns the problem of a string, worded as the end of a message. The problem must not contain the string,
    ///   which may be a secret.
    package static func strings(obeying problem: @escaping @Sendable (String) -> String?) -> FieldType {
        FieldType(
            ValueForm(phrase: "array of strings", example: ["text"]),
            schema: ["type": "array", "items": .object(FieldType<String>.string.schema)],
            read: { value, reader in
                guard value.kind == .array else {
                    let shell: CanonicalJSON? = value.kind == .string ? ["sh", "-c", "…"] : nil
                    reader.reportMismatch(value, expected: "an array of strings", shell)
                    return nil
                }
                var strings: [String] = []
                for (position, element) in value.elements.enumerated() {
                    // Invalid elements are reported. The caller then discards the whole result.
                    reader.at(.index(position)) { reader in
                        guard let text = FieldType<String>.plain(element, &reader) else { return }
                        if let problem = problem(text) { reader.report(.outOfRange, problem, at: element) }
                        strings.append(text)
                    }
                }
                return strings
            },
            write: { .array($0.map { .string($0) }) },
            examine: { strings, checker in
                for (index, text) in strings.enumerated() {
                    checker.at(.index(index)) { checker in
                        checker.checkText(text)
                        if let problem = problem(text) { checker.report(problem) }
                    }
                }
            })
    }
}

extension FieldType<[String: String]> {
    /// Creates a type for objects of strings whose keys the user chooses.
    ///
    /// - Parameters:
    ///   - names: the JSON Schema of the keys.
    ///   - rule: the rule for a key, worded for a message.
    ///   - values: the type of the values.
    ///   - limit: the maximum number of members.
    package static func strings(
        example: [String: String], names: [String: CanonicalJSON], rule: String,
        values: FieldType<String> = .string, limit: Int = .max, isName: @escaping @Sendable (String) -> Bool,
        problem: @escaping @Sendable (_ name: String, _ text: String) -> String? = { _, _ in nil }
    ) -> FieldType {
        var schema: [String: CanonicalJSON] = [
            "type": "object", "propertyNames": .object(names), "additionalProperties": .object(values.schema),
        ]
        if limit < .max { schema["maxProperties"] = .integer(Int64(limit)) }
        let tooMany = "must have at most \(limit) members"
        return FieldType(
            ValueForm(phrase: "object of strings", example: .object(example.mapValues { .string($0) })), schema: schema,
            read: { value, reader in
                guard value.kind == .object else {
                    reader.reportMismatch(
                        value, expected: "an object of strings", .object(example.mapValues { .string($0) }))
                    return nil
                }
                guard value.members.reduce(0, { count, _ in count + 1 }) <= limit else {
                    reader.report(.outOfRange, tooMany, at: value)
                    return nil
                }
                var strings: [String: String] = [:]
                for (key, element) in value.members {
                    let name = key.text
                    if !isName(name) { reader.report(.invalidValue, "\(Quoted(name)) \(rule)", at: key) }
                    strings[name] = reader.at(.name(name)) { reader in
                        guard let text = values.read(element, &reader) else { return nil }
                        if let problem = problem(name, text) { reader.report(.outOfRange, problem, at: element) }
                        return text
                    }
                }
                return strings
            },
            write: { .object($0.mapValues { .string($0) }) },
            examine: { strings, checker in
                guard strings.count <= limit else { return checker.report(tooMany) }
                for (key, text) in strings.sorted(by: { $0.key < $1.key }) {
                    checker.at(.name(key)) { checker in
                        if !isName(key) { checker.report(rule) }
                        values.examine(text, &checker)
                        if let problem = problem(key, text) { checker.report(problem) }
                    }
                }
            })
    }
}
