/// A JSON text that was read: its bytes, and a flat tape that says what stands where.
///
/// Containers precede their contents on the tape, and each entry knows where the next one of its own level is. No string or
/// number is made before somebody asks for it.
package struct JSONDocument: Sendable {
    /// One value, or one key of an object.
    struct Entry {
        var kind: JSONValue.Kind
        /// Whether a string holds escapes.
        var isEscaped = false
        /// The bytes, quotes and brackets included.
        var start: UInt32
        var end: UInt32
        /// The entry after this one and everything in it.
        var next: UInt32
    }

    let bytes: [UInt8]
    let tape: [Entry]

    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The keys that an object holds for a second time, wherever it stands, each with the first of its name.
    ///
    /// Keys are compared as Swift compares strings, so two canonically equivalent spellings count as one: a dictionary could
    /// not hold both.
    package var duplicateKeys: [(key: JSONValue, first: JSONValue)] {
        var found: [(key: JSONValue, first: JSONValue)] = []
        for index in tape.indices where tape[index].kind == .object {
            let object = JSONValue(document: self, index: index)
            var seen: [String: JSONValue] = [:]
            for (key, _) in object.members {
                if let first = seen.updateValue(key, forKey: key.text) {
                    seen[key.text] = first
                    found.append((key, first))
                }
            }
        }
        return found
    }
}

/// A value in a document, read when asked.
package struct JSONValue: Sendable {
    package enum Kind: UInt8, Sendable {
        case object, array, string, number, boolean, null
    }

    let document: JSONDocument
    let index: Int

    private var entry: JSONDocument.Entry { document.tape[index] }

    package var kind: Kind { entry.kind }

    /// Where it stands in the bytes of the document, quotes and brackets included.
    package var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// Its first character: the place of what is missing in it.
    package var opening: Range<Int> { range.lowerBound..<range.lowerBound + 1 }

    package var string: String? { kind == .string ? text : nil }

    package var number: JSONNumber? {
        kind == .number ? JSONNumber(text: String(decoding: document.bytes[range], as: UTF8.self)) : nil
    }

    package var boolean: Bool? {
        kind == .boolean ? document.bytes[range.lowerBound] == UInt8(ascii: "t") : nil
    }

    /// The elements of an array; none for any other value.
    package var elements: some Sequence<JSONValue> { Children(of: self, where: .array) }

    /// The members of an object in their order, duplicates included; none for any other value.
    package var members: some Sequence<(key: JSONValue, value: JSONValue)> {
        let children = Children(of: self, where: .object)
        return sequence(state: children) { children in
            guard let key = children.next(), let value = children.next() else { return nil }
            return (key, value)
        }
    }

    /// The value of the first member with this key.
    package subscript(key: String) -> JSONValue? { members.first { $0.key.text == key }?.value }

    /// The text of a string or key, escapes resolved.
    package var text: String {
        let content = document.bytes[range.lowerBound + 1..<range.upperBound - 1]
        return String(decoding: entry.isEscaped ? JSONEscape.resolve(content) : content, as: UTF8.self)
    }

    private struct Children: Sequence, IteratorProtocol {
        let document: JSONDocument
        var index: Int
        let end: Int

        init(of value: JSONValue, where kind: Kind) {
            document = value.document
            index = value.index + 1
            end = value.kind == kind ? Int(value.entry.next) : index
        }

        mutating func next() -> JSONValue? {
            guard index < end else { return nil }
            defer { index = Int(document.tape[index].next) }
            return JSONValue(document: document, index: index)
        }
    }
}
