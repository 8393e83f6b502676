/// A parsed JSON text: its bytes, and a flat tape of entries with their locations.
///
/// On the tape, containers precede their contents, and each entry refers to the next entry of the same level. Strings and numbers
/// are decoded only on demand.
package struct JSONDocument: Sendable {
    /// A value, or a key of an object.
    struct Entry {
        var kind: JSONValue.Kind
        /// Whether a string contains escapes.
        var isEscaped = false
        /// The range of bytes, including quotes and brackets.
        var start: UInt32
        var end: UInt32
        /// The index of the entry that follows this one and its contents.
        var next: UInt32
    }

    let bytes: [UInt8]
    let tape: [Entry]

    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The duplicate keys of all objects in the document, each with the first occurrence of the key.
    ///
    /// Keys are compared like Swift strings, so two canonically equivalent spellings count as duplicates: a dictionary could not
    /// contain both.
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

/// A value in a document, decoded on demand.
package struct JSONValue: Sendable {
    package enum Kind: UInt8, Sendable {
        case object, array, string, number, boolean, null
    }

    let document: JSONDocument
    let index: Int

    private var entry: JSONDocument.Entry { document.tape[index] }

    package var kind: Kind { entry.kind }

    /// The range of bytes in the document, including quotes and brackets.
    package var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// The range of the first character. Problems about missing members are reported here.
    package var opening: Range<Int> { range.lowerBound..<range.lowerBound + 1 }

    package var string: String? { kind == .string ? text : nil }

    package var number: JSONNumber? {
        kind == .number ? JSONNumber(text: String(decoding: document.bytes[range], as: UTF8.self)) : nil
    }

    package var boolean: Bool? {
        kind == .boolean ? document.bytes[range.lowerBound] == UInt8(ascii: "t") : nil
    }

    /// The elements of an array; empty for any other value.
    package var elements: some Sequence<JSONValue> { Children(of: self, where: .array) }

    /// The members of an object in order, including duplicates; empty for any other value.
    package var members: some Sequence<(key: JSONValue, value: JSONValue)> {
        let children = Children(of: self, where: .object)
        return sequence(state: children) { children in
            guard let key = children.next(), let value = children.next() else { return nil }
            return (key, value)
        }
    }

    /// The value of the first member with this key.
    package subscript(key: String) -> JSONValue? { members.first { $0.key.text == key }?.value }

    /// The text of a string or key, with escapes resolved.
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
