/// A parsed JSON text: its bytes, and a flat tape of entries with their locations.
///
/// On the tape, containers precede their contents, and each entry refers to the next entry of the same level. Strings and numbers
/// are decoded only on demand.
///
/// A class, so that a value refers to it with a single reference count.
package final class JSONDocument: Sendable {
    /// A value, or a key of an object.
    struct Entry {
        var kind: JSONValue.Kind
        /// Whether a string contains escapes.
        var isEscaped = false
        /// Whether a string contains bytes other than ASCII.
        var isBeyondASCII = false
        /// The range of bytes, including quotes and brackets.
        var start: UInt32
        var end: UInt32
        /// The index of the entry that follows this one and its contents.
        var next: UInt32
    }

    let bytes: [UInt8]
    let tape: [Entry]

    init(bytes: [UInt8], tape: [Entry]) {
        self.bytes = bytes
        self.tape = tape
    }

    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The duplicate keys of all objects in the document, each with the first occurrence of the key.
    ///
    /// Keys are compared like Swift strings, so two canonically equivalent spellings count as duplicates: a dictionary could not
    /// contain both.
    package var duplicateKeys: [(key: JSONValue, first: JSONValue)] {
        var found: [(key: JSONValue, first: JSONValue)] = []
        for index in tape.indices where tape[index].kind == .object && !hasFewDistinctKeys(index) {
            let object = JSONValue(document: self, index: index)
            var seen: [String: JSONValue] = [:]
            for key in object.keys {
                if let first = seen.updateValue(key, forKey: key.text) {
                    seen[key.text] = first
                    found.append((key, first))
                }
            }
        }
        return found
    }

    /// Whether an object has few keys, all of them plain ASCII and no two of them equal. Says no if that takes long to find out.
    private func hasFewDistinctKeys(_ object: Int) -> Bool {
        let end = Int(tape[object].next)
        var count = 0
        var index = object + 1
        while index < end {
            let key = tape[index]
            guard count < 32, !key.isEscaped, !key.isBeyondASCII else { return false }
            var earlier = object + 1
            while earlier < index {
                if hasSameText(tape[earlier], key) { return false }
                earlier = Int(tape[earlier + 1].next)
            }
            count += 1
            index = Int(tape[index + 1].next)
        }
        return true
    }

    /// Returns the position on the tape of the value of the first member of an object that has this key, as Swift compares strings; `nil`
    /// for any other value.
    fileprivate func position(ofMember key: String, in object: Int) -> Int? {
        guard tape[object].kind == .object else { return nil }
        var key = key
        return key.withUTF8 { text in
            let end = Int(tape[object].next)
            var index = object + 1
            while index < end {
                if isText(text, at: index) { return index + 1 }
                index = Int(tape[index + 1].next)
            }
            return nil
        }
    }

    /// Whether a string or key has this text, as Swift compares strings.
    private func isText(_ other: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        let entry = tape[index]
        if !entry.isEscaped, !entry.isBeyondASCII {
            let length = Int(entry.end - entry.start) - 2
            // A text beyond ASCII that equals one in ASCII, such as the sign for Kelvin and the letter K, has more bytes.
            if other.count < length { return false }
            if other.count == length {
                return bytes.withUnsafeBufferPointer { bytes in
                    other.indices.allSatisfy { bytes[Int(entry.start) + 1 + $0] == other[$0] }
                }
            }
            // A text in ASCII equals no other text in ASCII.
            if other.allSatisfy({ $0 < 0x80 }) { return false }
        }
        return JSONValue(document: self, index: index).text == String(decoding: other, as: UTF8.self)
    }

    /// Whether two strings without escapes consist of the same bytes.
    private func hasSameText(_ one: Entry, _ other: Entry) -> Bool {
        let length = one.end - one.start
        guard length == other.end - other.start else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            (0..<Int(length)).allSatisfy { bytes[Int(one.start) + $0] == bytes[Int(other.start) + $0] }
        }
    }
}

/// A value in a document, decoded on demand.
package struct JSONValue: Sendable {
    package enum Kind: UInt8, Sendable {
        case object, array, string, number, boolean, null
    }

    package let document: JSONDocument
    /// The position of the value on the tape of its document. The root has 0.
    package let index: Int

    package init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    private var entry: JSONDocument.Entry { document.tape[index] }

    package var kind: Kind { entry.kind }

    /// The range of bytes in the document, including quotes and brackets.
    package var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// The range of the first character. Problems about missing members are reported here.
    package var opening: Range<Int> { range.lowerBound..<range.lowerBound + 1 }

    package var string: String? { kind == .string ? text : nil }

    /// Whether a string contains the character U+0000. It is written as an escape sequence, because JSON forbids it otherwise.
    package var containsNUL: Bool { entry.isEscaped && text.utf8.contains(0) }

    package var number: JSONNumber? {
        kind == .number ? JSONNumber(text: String(decoding: document.bytes[range], as: UTF8.self)) : nil
    }

    package var boolean: Bool? {
        kind == .boolean ? document.bytes[range.lowerBound] == UInt8(ascii: "t") : nil
    }

    /// The elements of an array; empty for any other value.
    package var elements: Children { Children(of: self, where: .array) }

    /// The members of an object in order, including duplicates; empty for any other value.
    package var members: Members { Members(keys: keys) }

    /// The keys of an object in order, including duplicates; empty for any other value. Each is followed by its value.
    package var keys: Keys { Keys(children: Children(of: self, where: .object)) }

    /// The members of an object in order.
    package struct Members: Sequence, IteratorProtocol {
        private var keys: Keys

        fileprivate init(keys: Keys) { self.keys = keys }

        package mutating func next() -> (key: JSONValue, value: JSONValue)? {
            keys.next().map { ($0, $0.following) }
        }
    }

    /// The keys of an object in order.
    package struct Keys: Sequence, IteratorProtocol {
        private var children: Children

        fileprivate init(children: Children) { self.children = children }

        package mutating func next() -> JSONValue? {
            let key = children.next()
            children.skip()
            return key
        }
    }

    /// The value of the first member with this key.
    package subscript(key: String) -> JSONValue? {
        document.position(ofMember: key, in: index).map { JSONValue(document: document, index: $0) }
    }

    /// Calls a function with the bytes of a string or key, if it is plain ASCII without escapes.
    package func withPlainText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        let entry = entry
        guard !entry.isEscaped, !entry.isBeyondASCII else { return nil }
        return document.bytes.withUnsafeBufferPointer { bytes in
            body(UnsafeBufferPointer(rebasing: bytes[Int(entry.start) + 1..<Int(entry.end) - 1]))
        }
    }

    /// The value that follows a key.
    package var following: JSONValue { JSONValue(document: document, index: index + 1) }

    /// The text of a string or key, with escapes resolved.
    package var text: String {
        let entry = entry
        let content = Int(entry.start) + 1..<Int(entry.end) - 1
        if entry.isEscaped { return String(decoding: JSONEscape.resolve(document.bytes[content]), as: UTF8.self) }
        return document.bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[content]), as: UTF8.self)
        }
    }

    /// The entries of one level of a container.
    package struct Children: Sequence, IteratorProtocol {
        private let document: JSONDocument
        private var index: Int
        private let end: Int

        fileprivate init(of value: JSONValue, where kind: Kind) {
            document = value.document
            index = value.index + 1
            end = value.kind == kind ? Int(value.entry.next) : index
        }

        package mutating func next() -> JSONValue? {
            guard index < end else { return nil }
            defer { skip() }
            return JSONValue(document: document, index: index)
        }

        fileprivate mutating func skip() { if index < end { index = Int(document.tape[index].next) } }
    }
}
