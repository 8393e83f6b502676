extension JSONDocument {
    /// The default limit for the nesting of arrays and objects.
    package static let maximumDepth = 64

    /// Parses a complete JSON text according to RFC 8259.
    ///
    /// The parser makes one pass over the bytes without recursion, so nesting uses only heap memory.
    ///
    /// - Parameters:
    ///   - noun: the name of the text in messages.
    ///   - maximumDepth: the limit for the nesting of arrays and objects.
    /// - Throws: the first syntax error, or the first value that is nested too deeply. Parsing stops there, because recovery in
    ///   invalid JSON yields misleading errors.
    package convenience init(reading bytes: [UInt8], as noun: String = "file", maximumDepth: Int = maximumDepth)
        throws(Problem)
    {
        var reader = JSONReader(bytes: bytes, noun: noun, maximumDepth: maximumDepth)
        try reader.read()
        self.init(bytes: bytes, tape: reader.tape)
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    let noun: String
    let maximumDepth: Int
    var position = 0
    var tape: [JSONDocument.Entry] = []
    /// The open containers, as indices into the tape.
    var open: [Int] = []

    init(bytes: [UInt8], noun: String, maximumDepth: Int) {
        self.bytes = bytes
        self.noun = noun
        self.maximumDepth = maximumDepth
    }

    mutating func read() throws(Problem) {
        try refuseOtherEncodings()
        tape.reserveCapacity(bytes.count / 8)
        repeat {
            try readValue()
        } while try readSeparator()
        skipWhitespace()
        guard position == bytes.count else { throw unexpected("the end of the \(noun)") }
    }

    private func refuseOtherEncodings() throws(Problem) {
        let detail: Problem.Detail = .words("save the \(noun) as UTF-8 without a byte-order mark")
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw Problem(.syntax, "the \(noun) begins with a byte-order mark", detail: detail, at: 0..<3)
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Problem(.syntax, "the \(noun) is UTF-16", detail: detail, at: 0..<2)
        }
        // The tape stores 32-bit offsets.
        guard bytes.count < UInt32.max else { throw Problem(.tooLarge, "the \(noun) is 4 GiB or larger", at: 0..<0) }
    }

    // MARK: Structure

    /// Reads a scalar or an empty container, after entering all containers that begin before it.
    private mutating func readValue() throws(Problem) {
        while true {
            skipWhitespace()
            switch current {
            case UInt8(ascii: "{"):
                try enter(.object)
                skipWhitespace()
                if current == UInt8(ascii: "}") { return leave() }
                try readKey(expecting: "a key or \"}\"")
            case UInt8(ascii: "["):
                try enter(.array)
                skipWhitespace()
                if current == UInt8(ascii: "]") { return leave() }
            case UInt8(ascii: "\""): return try readString()
            case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return try readNumber()
            case UInt8(ascii: "t"): return try readWord("true", as: .boolean)
            case UInt8(ascii: "f"): return try readWord("false", as: .boolean)
            case UInt8(ascii: "n"): return try readWord("null", as: .null)
            default: throw unexpected("a value")
            }
        }
    }

    /// Leaves the containers that end here. Returns whether another value must follow.
    private mutating func readSeparator() throws(Problem) -> Bool {
        while let container = open.last {
            let isObject = tape[container].kind == .object
            skipWhitespace()
            switch current {
            case UInt8(ascii: ","):
                position += 1
                if isObject {
                    skipWhitespace()
                    try readKey(expecting: "a key")
                }
                return true
            case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: leave()
            default: throw unexpected(isObject ? "\",\" or \"}\"" : "\",\" or \"]\"")
            }
        }
        return false
    }

    private mutating func readKey(expecting expected: String) throws(Problem) {
        guard current == UInt8(ascii: "\"") else { throw unexpected(expected) }
        try readString()
        skipWhitespace()
        guard current == UInt8(ascii: ":") else { throw unexpected("\":\"") }
        position += 1
    }

    private mutating func enter(_ kind: JSONValue.Kind) throws(Problem) {
        guard open.count < maximumDepth else {
            throw Problem(.tooDeep, "nested deeper than \(maximumDepth) levels", at: position..<position + 1)
        }
        open.append(tape.count)
        append(kind, from: position, to: position + 1)  // `leave` sets the end and the next entry.
        position += 1
    }

    private mutating func leave() {
        position += 1
        let container = open.removeLast()
        tape[container].end = UInt32(position)
        tape[container].next = UInt32(tape.count)
    }

    // MARK: Scalars

    private mutating func readWord(_ word: StaticString, as kind: JSONValue.Kind) throws(Problem) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[offset] else { throw unexpected("\"\(word)\"") }
            position += 1
        }
        append(kind, from: start, to: position)
    }

    private mutating func readNumber() throws(Problem) {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
            if let current, isDigit(current) {
                throw Problem(.syntax, "a number with a leading zero", at: start..<position)
            }
        } else {
            try readDigits()
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try readDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try readDigits()
        }
        append(.number, from: start, to: position)
    }

    private mutating func readDigits() throws(Problem) {
        guard let first = current, isDigit(first) else { throw unexpected("a digit") }
        while let current, isDigit(current) { position += 1 }
    }

    private mutating func readString() throws(Problem) {
        let start = position
        var (isEscaped, isBeyondASCII) = (false, false)
        position += 1
        while true {
            skipPlainCharacters()
            switch current {
            case UInt8(ascii: "\""):
                position += 1
                return append(.string, from: start, to: position, isEscaped: isEscaped, isBeyondASCII: isBeyondASCII)
            case UInt8(ascii: "\\"):
                isEscaped = true
                try readEscape()
            case nil: throw Problem(.syntax, "unterminated string", at: start..<position)
            case let byte? where byte < 0x20:
                let name = byte == 0x0A ? "a line break" : byte == 0x09 ? "a tab" : "a control character"
                throw Problem(
                    .syntax, "\(name) in a string", detail: .words("write it as \(Self.escape(of: byte))"),
                    at: position..<position + 1)
            default:
                isBeyondASCII = true
                try readScalar()
            }
        }
    }

    /// Advances to the next byte of a string that needs handling: a quote, a backslash, a control character or a non-ASCII byte.
    private mutating func skipPlainCharacters() {
        position = bytes.withUnsafeBufferPointer { bytes in
            var position = position
            while position < bytes.count {
                let byte = bytes[position]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 { break }
                position += 1
            }
            return position
        }
    }

    private mutating func readEscape() throws(Problem) {
        let start = position
        position += 1
        if let current, JSONEscape.byte(for: current) != nil {
            position += 1
            return
        }
        guard current == UInt8(ascii: "u") else {
            throw Problem(
                .syntax, "invalid escape", detail: "\"\\\" must be followed by one of \" \\ / b f n r t u",
                at: start..<min(position + 1, bytes.count))
        }
        let unit = try readUnit(of: start)
        guard UTF16.isSurrogate(unit) else { return }
        let isPair =
            UTF16.isLeadSurrogate(unit) && bytes[position...].starts(with: "\\u".utf8)
            && JSONEscape.unit(in: bytes[(position + 2)...]).map(UTF16.isTrailSurrogate) == true
        guard isPair else {
            throw Problem(
                .syntax, "unpaired surrogate", detail: "it represents no character", at: start..<position)
        }
        position += 6
    }

    /// Reads `u` and four hexadecimal digits.
    private mutating func readUnit(of start: Int) throws(Problem) -> UInt16 {
        guard let unit = JSONEscape.unit(in: bytes[(position + 1)...]) else {
            throw Problem(
                .syntax, "incomplete escape", detail: "\"\\u\" must be followed by four hexadecimal digits",
                at: start..<position + 1)
        }
        position += 5
        return unit
    }

    /// Reads a non-ASCII scalar: the well-formed sequences of the Unicode Standard, table 3-7.
    private mutating func readScalar() throws(Problem) {
        let length = UTF8Sequence.length(in: bytes[position...])
        guard length > 0 else {
            throw Problem(.syntax, "invalid UTF-8", at: position..<position + 1)
        }
        position += length
    }

    // MARK: Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func append(
        _ kind: JSONValue.Kind, from start: Int, to end: Int, isEscaped: Bool = false, isBeyondASCII: Bool = false
    ) {
        tape.append(
            JSONDocument.Entry(
                kind: kind, isEscaped: isEscaped, isBeyondASCII: isBeyondASCII,
                start: UInt32(truncatingIfNeeded: start),
                end: UInt32(truncatingIfNeeded: end), next: UInt32(truncatingIfNeeded: tape.count + 1)))
    }

    // MARK: Messages

    private func unexpected(_ expected: String) -> Problem {
        guard let current else {
            return Problem(.syntax, "expected \(expected), but the \(noun) ends", at: position..<position)
        }
        let length = max(1, UTF8Sequence.length(in: bytes[position...]))
        let found = String(decoding: bytes[position..<position + length], as: UTF8.self)
        var detail: Problem.Detail = ""
        switch current {
        case UInt8(ascii: "'"): detail = "strings must be in double quotes"
        case UInt8(ascii: "/"), UInt8(ascii: "#"):
            detail = "JSON has no comments; in a manifest, use the key \"$comment\""
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if bytes[..<position].last(where: { $0 > 0x20 }) == UInt8(ascii: ",") {
                detail = "remove the comma before it"
            }
        default: break
        }
        return Problem(
            .syntax, "expected \(expected), not \(Quoted(found))", detail: detail, at: position..<position + length)
    }

    private static func escape(of byte: UInt8) -> String {
        switch byte {
        case 0x09: "\\t"
        case 0x0A: "\\n"
        case 0x0D: "\\r"
        default: "\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
        }
    }
}

/// The well-formed byte sequences of UTF-8.
private enum UTF8Sequence {
    /// Returns the length of the scalar that begins here; 0 if the bytes are invalid.
    static func length(in bytes: ArraySlice<UInt8>) -> Int {
        guard let lead = bytes.first else { return 0 }
        var second: ClosedRange<UInt8> = 0x80...0xBF
        let length: Int
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)  // Smaller values would be overlong forms.
        case 0xED: (length, second) = (3, 0x80...0x9F)  // Larger values would be surrogates.
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)  // Larger values are beyond Unicode.
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        let rest = bytes.dropFirst().prefix(length - 1)
        guard rest.count == length - 1, second.contains(rest.first!) else { return 0 }
        return rest.dropFirst().allSatisfy { (0x80...0xBF).contains($0) } ? length : 0
    }
}
