/// The encoder that values see. It holds everything that is written.
///
/// The values that are being written form a stack: a value is above the container that it belongs to. Only the topmost container can be
/// written to, as its bytes are the last ones. A nested container and the encoder of a superclass may be written to later than their
/// place in the text requires: each of them has an encoder of its own, and its text is inserted when the container ends.
///
/// The properties are not checked for overlapping accesses, as the checks would take a third of the time. Every access is within a
/// statement of this file that runs no code of a value, so none overlaps.
final class JSONValueEncoder {
    /// A value that is being written.
    private struct Level {
        enum Kind { case vacant, scalar, array, object }

        /// The offset of the first byte.
        let start: Int
        /// The index of the first member of this object, or of those above it.
        let firstMember: Int
        var kind = Kind.vacant
        /// Whether some key of the object has an escape sequence.
        var hasEscapedKeys = false
        /// The number of elements or members.
        var count = 0
    }

    /// The end of the text before an element or member, for the case that its value cannot be encoded.
    struct Mark {
        fileprivate let byteCount: Int
        fileprivate let memberCount: Int
    }

    /// A value that is written apart from its place in the text.
    private struct Inset {
        let offset: Int
        let encoder: JSONValueEncoder
    }

    /// The nesting of arrays and objects that `JSONEncoder` writes and `JSONDecoder` reads.
    private static let maximumDepth = 511

    @exclusivity(unchecked) private var bytes: [UInt8] = []
    @exclusivity(unchecked) private var top = Level(start: 0, firstMember: 0)
    /// The containers below the topmost value.
    @exclusivity(unchecked) private var below: [Level] = []
    /// The members of the objects on the stack, from the lowest to the topmost.
    @exclusivity(unchecked) private var members: [JSONMember] = []
    @exclusivity(unchecked) private var sorter = JSONMemberSorter()
    @exclusivity(unchecked) private var insets: [Inset] = []

    private let foreignTypes = ForeignTypes.all
    /// The number of containers around the first value.
    private let outerDepth: Int
    /// The encoder of the container around the first value, if that value is an inset. It may be gone: nothing prevents a value from
    /// keeping a container.
    private weak var outer: JSONValueEncoder?
    /// The key of the first value in the container around it.
    private let outerKey: (any CodingKey)?

    /// Creates the encoder of a top-level value.
    init() {
        outerDepth = 0
        outerKey = nil
        bytes.reserveCapacity(1024)
        members.reserveCapacity(32)
        below.reserveCapacity(8)
    }

    /// Creates the encoder of an inset.
    private init(in outer: JSONValueEncoder, at key: any CodingKey) {
        self.outer = outer
        outerDepth = outer.outerDepth + outer.depth
        outerKey = key
    }

    // MARK: Values

    /// Returns the text of a top-level value.
    static func bytes<Value: Encodable>(of value: Value) throws -> [UInt8] {
        let encoder = JSONValueEncoder()
        try encoder.check(value)
        try value.encode(to: encoder)
        guard encoder.top.kind != .vacant else {
            throw encoder.error(about: value, at: [], "Top-level \(Value.self) did not encode any values.")
        }
        try encoder.close(value)
        return encoder.bytes
    }

    /// Writes a value into the topmost container, after ``beginElement(at:)`` or ``beginMember(_:at:)``.
    func writeValue<Value: Encodable>(_ value: Value) throws {
        // Without these cases, a scalar in an array or dictionary would take the long way of any other value.
        if Value.self == String.self { return write(unsafeBitCast(value, to: String.self)) }
        if Value.self == Int.self { return write(unsafeBitCast(value, to: Int.self)) }
        if Value.self == Bool.self { return write(unsafeBitCast(value, to: Bool.self)) }
        if Value.self == Double.self {
            return try write(finite: unsafeBitCast(value, to: Double.self), at: path(at: depth + 1))
        }
        if Value.self == EncodedJSON.self {
            bytes += unsafeBitCast(value, to: EncodedJSON.self).bytes
            return
        }
        try check(value)
        below.append(top)
        top = Level(start: bytes.count, firstMember: members.count)
        try value.encode(to: self)
        try close(value)
        top = below.removeLast()
    }

    func write(_ value: String) { JSONScalar.append(value, to: &bytes) }
    func write(_ value: Bool) { JSONScalar.append(word: value ? "true" : "false", to: &bytes) }
    func writeNull() { JSONScalar.append(word: "null", to: &bytes) }

    @inline(__always)
    func write(_ value: some FixedWidthInteger) { JSONScalar.append(value, to: &bytes) }

    @inline(__always)
    func write<Number: BinaryFloatingPoint & CustomStringConvertible>(
        finite value: Number, at path: @autoclosure () -> [any CodingKey]
    ) throws {
        guard value.isFinite else {
            throw error(about: value, at: path(), "Unable to encode \(Number.self).\(value) directly in JSON.")
        }
        JSONScalar.append(value, to: &bytes)
    }

    /// Ends the topmost value.
    private func close<Value>(_ value: Value) throws {
        switch top.kind {
        case .vacant: JSONScalar.append(word: "{}", to: &bytes)
        case .scalar: break
        case .array, .object:
            try checkDepth(of: value)
            if !insets.isEmpty { try insertInsets() }
            if top.kind == .object { sortMembers() }
            bytes.append(UInt8(ascii: top.kind == .object ? "}" : "]"))
        }
    }

    /// Sorts the members of the topmost object, and forgets them.
    private func sortMembers() {
        guard top.count > 0 else { return }
        if top.count > 1 {
            sorter.sort(members[top.firstMember...], in: &bytes, areEscaped: top.hasEscapedKeys)
        }
        members.removeLast(top.count)
    }

    /// Inserts the insets of the topmost value.
    private func insertInsets() throws {
        while let inset = insets.last, inset.offset > top.start {
            insets.removeLast()
            try inset.encoder.close("a nested container")
            let text = inset.encoder.bytes
            bytes.insert(contentsOf: text, at: inset.offset)
            for index in members.indices[top.firstMember...] where members[index].start > inset.offset {
                members[index].move(by: text.count)
            }
        }
    }

    // MARK: Elements and members

    /// The number of values on the stack.
    private var depth: Int { below.count + 1 }

    /// Begins an element of the topmost array, whose depth is given.
    @discardableResult
    func beginElement(at depth: Int) -> Mark {
        let mark = begin(at: depth)
        if top.count > 1 { bytes.append(UInt8(ascii: ",")) }
        return mark
    }

    /// Begins a member of the topmost object, whose depth is given.
    @discardableResult
    func beginMember(_ key: String, at depth: Int) -> Mark {
        let mark = begin(at: depth)
        let isFirst = top.count == 1
        if JSONScalar.append(key: key, isFirst: isFirst, to: &bytes) { top.hasEscapedKeys = true }
        members.append(JSONMember(start: mark.byteCount + (isFirst ? 0 : 1), keyEnd: bytes.count - 2))
        return mark
    }

    private func begin(at depth: Int) -> Mark {
        precondition(self.depth == depth, "A container was written to while a value in it was being encoded.")
        top.count += 1
        return Mark(byteCount: bytes.count, memberCount: members.count)
    }

    /// Removes the element or member that began at a mark.
    func undo(to mark: Mark, at depth: Int) {
        if self.depth > depth {
            top = below[depth - 1]
            below.removeSubrange((depth - 1)...)
        }
        top.count -= 1
        erase(to: mark)
    }

    private func erase(to mark: Mark) {
        members.removeSubrange(mark.memberCount...)
        insets.removeAll { $0.offset > mark.byteCount }
        bytes.removeSubrange(mark.byteCount...)
    }

    /// Leaves the place of the value to an encoder of its own, after ``beginElement(at:)`` or ``beginMember(_:at:)``.
    func inset(at key: some CodingKey) -> JSONValueEncoder {
        let encoder = JSONValueEncoder(in: self, at: key)
        insets.append(Inset(offset: bytes.count, encoder: encoder))
        return encoder
    }

    /// The number of elements or members of the container at a depth.
    func count(at depth: Int) -> Int { depth == self.depth ? top.count : below[depth - 1].count }

    // MARK: Errors

    @inline(__always)
    private func check<Value>(_ value: Value) throws {
        if foreignTypes.contains(Value.self) {
            throw error(about: value, at: codingPath, "\(Value.self) cannot be encoded: encode its text instead.")
        }
        // Ends a recursion without end.
        try checkDepth(of: value)
    }

    @inline(__always)
    private func checkDepth<Value>(of value: Value) throws {
        if outerDepth + depth > Self.maximumDepth {
            throw error(about: value, at: codingPath, "Arrays and objects are nested deeper than \(Self.maximumDepth).")
        }
    }

    func error(about value: Any, at path: [any CodingKey], _ description: String) -> EncodingError {
        .invalidValue(value, .init(codingPath: path, debugDescription: description))
    }

    /// The path to the value at a depth, read from the text.
    func path(at depth: Int) -> [any CodingKey] {
        let levels = below + [top]
        var path = outer.map { $0.path(at: outerDepth - $0.outerDepth) } ?? []
        if let outerKey { path.append(outerKey) }
        for (index, level) in levels.prefix(depth - 1).enumerated() {
            if level.kind == .array {
                path.append(JSONPathKey(intValue: level.count - 1))
            } else {
                let end = index + 1 < levels.count ? levels[index + 1].firstMember : members.count
                let key = JSONEscape.resolve(bytes[members[end - 1].key])
                path.append(JSONPathKey(stringValue: String(decoding: key, as: UTF8.self)))
            }
        }
        return path
    }
}

extension JSONValueEncoder: Encoder {
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var codingPath: [any CodingKey] { path(at: depth) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        open(.object, with: UInt8(ascii: "{"))
        return KeyedEncodingContainer(JSONObjectContainer<Key>(encoder: self, depth: depth))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        open(.array, with: UInt8(ascii: "["))
        return JSONArrayContainer(encoder: self, depth: depth)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    /// Makes the topmost value a container, which it may already be.
    private func open(_ kind: Level.Kind, with bracket: UInt8) {
        if top.kind == kind { return }
        precondition(top.kind == .vacant, "A value was encoded as two kinds of JSON values.")
        top.kind = kind
        bytes.append(bracket)
    }
}

extension JSONValueEncoder: SingleValueEncodingContainer {
    func encodeNil() throws {
        fill()
        writeNull()
    }

    func encode(_ value: Bool) throws {
        fill()
        write(value)
    }

    func encode(_ value: String) throws {
        fill()
        write(value)
    }

    @inline(__always)
    func encode<Number: FixedWidthInteger & Encodable>(_ value: Number) throws {
        fill()
        write(value)
    }

    @inline(__always)
    func encode<Number: BinaryFloatingPoint & CustomStringConvertible & Encodable>(_ value: Number) throws {
        try write(finite: value, at: codingPath)
        fill()
    }

    /// Encodes the value in the place of the one that asks for it.
    func encode<Value: Encodable>(_ value: Value) throws {
        try check(value)
        precondition(top.kind == .vacant, "A value was encoded twice.")
        let (before, depth) = (top, depth)
        do { try value.encode(to: self) } catch {
            below.removeSubrange((depth - 1)...)
            top = before
            erase(to: Mark(byteCount: before.start, memberCount: before.firstMember))
            throw error
        }
        if top.kind == .vacant {
            fill()
            JSONScalar.append(word: "{}", to: &bytes)
        }
    }

    /// Makes the topmost value a scalar, which follows.
    private func fill() {
        precondition(top.kind == .vacant, "A value was encoded twice.")
        top.kind = .scalar
    }
}
