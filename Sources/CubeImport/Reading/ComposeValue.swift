import CubeJSON

/// A value of a Compose file, with its position. Scalars keep their text, because the key that they belong to decides their type.
struct ComposeValue: Sendable {
    indirect enum Content: Sendable {
        case scalar(Scalar)
        case sequence([ComposeValue])
        case mapping([Member])
    }

    struct Scalar: Hashable, Sendable {
        var text: String
        /// Whether the scalar is written without quotes, so that it may be a number, a boolean or null.
        var isPlain: Bool
    }

    struct Member: Sendable {
        var key: String
        /// The position of the key.
        var place: SourcePlace
        var value: ComposeValue
    }

    /// How the value takes part in merging.
    enum Merging: Sendable {
        case normal
        /// `!override`: the value replaces an earlier one instead of being merged with it.
        case replacing
        /// `!reset`: the value removes an earlier one.
        case removing
    }

    var content: Content
    var place: SourcePlace
    var merging = Merging.normal

    init(_ content: Content, at place: SourcePlace) {
        self.content = content
        self.place = place
    }

    /// A quoted string.
    init(_ text: String, at place: SourcePlace) {
        self.init(.scalar(Scalar(text: text, isPlain: false)), at: place)
    }

    static func null(at place: SourcePlace) -> ComposeValue {
        ComposeValue(.scalar(Scalar(text: "", isPlain: true)), at: place)
    }
}

extension ComposeValue {
    var isNull: Bool {
        guard case .scalar(let scalar) = content, scalar.isPlain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    /// The text of a scalar other than null, as it is written.
    var text: String? {
        guard case .scalar(let scalar) = content, !isNull else { return nil }
        return scalar.text
    }

    var elements: [ComposeValue]? {
        guard case .sequence(let elements) = content else { return nil }
        return elements
    }

    var members: [Member]? {
        guard case .mapping(let members) = content else { return nil }
        return members
    }

    subscript(key: String) -> ComposeValue? { members?.first { $0.key == key }?.value }

    /// The kind of the value, worded for a message.
    var kind: String {
        switch content {
        case .scalar: isNull ? "null" : Quoted(text ?? "").description
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The text that Compose makes of a scalar where a string is expected: an unquoted number loses its notation, so that `022` is 18
    /// and `1.10` is 1.1.
    var stringText: String? {
        guard case .scalar(let scalar) = content, !isNull else { return nil }
        return scalar.isPlain ? PlainScalar.normalised(scalar.text) : scalar.text
    }
}

/// Numbers and booleans of YAML as Compose reads them.
enum PlainScalar {
    /// Returns the text of a number or boolean in the notation of Compose; any other text is returned unchanged.
    static func normalised(_ text: String) -> String {
        switch text {
        case "True", "TRUE": return "true"
        case "False", "FALSE": return "false"
        default: break
        }
        let isNegative = text.hasPrefix("-")
        let digits = text.hasPrefix("+") || isNegative ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return text
        }
        if let number = integer(digits.filter { $0 != "_" }) { return isNegative ? "-\(number)" : "\(number)" }
        let isFloat = digits.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) }
        guard isFloat, let number = Double(text), number.magnitude < 1e15 else { return text }
        let shortest = "\(number)"
        return shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
    }

    /// Parses an integer in decimal, octal (`017`, `0o17`), hexadecimal or binary notation.
    private static func integer(_ digits: String) -> UInt64? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return UInt64(digits.dropFirst(2), radix: radix)
        }
        if digits.count > 1, digits.hasPrefix("0") { return UInt64(digits, radix: 8) }
        return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(digits) : nil
    }
}
