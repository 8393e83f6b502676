/// A document that values are decoded from, with what all of its decoders share.
final class DecodedDocument {
    let document: JSONDocument
    let userInfo: [CodingUserInfoKey: any Sendable]
    private let foreignTypes = ForeignTypes.all
    private let repeated: (any ValueMemory)?
    /// The type of the values that ``repeated`` knows.
    private let repeatedType: ObjectIdentifier?
    /// The container of each value. Only the path of an error needs it, and a document may have many errors: some types find out by an
    /// error which form a value has.
    private lazy var places = Place.places(in: document.tape)

    init(_ document: JSONDocument, userInfo: [CodingUserInfoKey: any Sendable], repeated: (any ValueMemory)? = nil) {
        self.document = document
        self.userInfo = userInfo
        self.repeated = repeated
        repeatedType = repeated?.type
    }

    @inline(__always)
    func kind(at index: Int) -> JSONValue.Kind { document.tape[index].kind }

    private func json(at index: Int) -> JSONValue { JSONValue(document: document, index: index) }

    // MARK: Values

    /// Returns the value at an index of the tape.
    func value<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
        // Without these cases, a scalar in an array or dictionary would take the long way of any other value.
        if Value.self == String.self { return unsafeBitCast(try string(at: index), to: Value.self) }
        if Value.self == Int.self { return unsafeBitCast(try integer(Int.self, at: index), to: Value.self) }
        if Value.self == Bool.self { return unsafeBitCast(try boolean(at: index), to: Value.self) }
        if Value.self == Double.self { return unsafeBitCast(try number(Double.self, at: index), to: Value.self) }
        if foreignTypes.contains(type) {
            throw corrupted(at: index, "\(type) cannot be decoded: decode its text instead.")
        }
        if let repeated, ObjectIdentifier(type) == repeatedType {
            return try repeated.value(of: Array(document.bytes[json(at: index).range])) {
                try Value(from: DecodedValue(source: self, index: index))
            }
        }
        return try Value(from: DecodedValue(source: self, index: index))
    }

    func string(at index: Int) throws -> String {
        guard kind(at: index) == .string else { throw mismatch(String.self, at: index) }
        return json(at: index).text
    }

    func boolean(at index: Int) throws -> Bool {
        guard let boolean = json(at: index).boolean else { throw mismatch(Bool.self, at: index) }
        return boolean
    }

    func integer<Number: FixedWidthInteger>(_ type: Number.Type, at index: Int) throws -> Number {
        guard kind(at: index) == .number else { throw mismatch(type, at: index) }
        if let digits = shortInteger(at: index), let number = Number(exactly: digits.value) { return number }
        let text = json(at: index).number!
        guard let number = Number(text.text) ?? text.integer().flatMap(Number.init(exactly:)) else {
            throw corrupted(at: index, "\(text) must be a whole number from \(Number.min) to \(Number.max)")
        }
        return number
    }

    func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Number.Type, at index: Int
    ) throws -> Number {
        guard kind(at: index) == .number else { throw mismatch(type, at: index) }
        if let digits = shortInteger(at: index), let number = Number(exactly: digits.value) {
            return digits.isNegative ? -number.magnitude : number
        }
        let text = json(at: index).number!
        guard let number = Number(text.text), number.isFinite else {
            throw corrupted(at: index, "\(text) must be a number that \(Number.self) can represent")
        }
        return number
    }

    /// Returns a number that consists of at most 18 digits and a sign; `nil` for any other number.
    private func shortInteger(at index: Int) -> (value: Int, isNegative: Bool)? {
        let entry = document.tape[index]
        guard entry.end - entry.start <= 18 else { return nil }
        return document.bytes.withUnsafeBufferPointer { bytes in
            var value = 0
            var position = Int(entry.start)
            let isNegative = bytes[position] == UInt8(ascii: "-")
            if isNegative { position += 1 }
            while position < Int(entry.end) {
                let digit = bytes[position] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + Int(digit)
                position += 1
            }
            return (isNegative ? -value : value, isNegative)
        }
    }

    // MARK: Members

    /// Returns the index of the value of a member; `nil` if the object has no such member.
    ///
    /// - Parameter object: the index of an object.
    func member(_ key: String, of object: Int) -> Int? {
        let tape = document.tape
        let end = Int(tape[object].next)
        var key = key
        return key.withUTF8 { name in
            var index = object + 1
            while index < end {
                if hasText(name, tape[index], at: index) { return index + 1 }
                index = Int(tape[index + 1].next)
            }
            return nil
        }
    }

    /// Whether a key has this text. Plain keys are compared by their bytes, others as Swift compares strings.
    @inline(__always)
    private func hasText(_ name: UnsafeBufferPointer<UInt8>, _ entry: JSONDocument.Entry, at index: Int) -> Bool {
        let length = Int(entry.end - entry.start) - 2
        if entry.isEscaped || entry.isBeyondASCII {
            // An escape sequence has six bytes for each byte of a text, and an equivalent spelling at most three times as many bytes.
            guard length <= 18 * name.count else { return false }
            return json(at: index).text == String(decoding: name, as: UTF8.self)
        }
        guard length == name.count else { return false }
        return document.bytes.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset < length {
                if bytes[Int(entry.start) + 1 + offset] != name[offset] { return false }
                offset += 1
            }
            return true
        }
    }

    // MARK: Errors

    func mismatch(_ type: any Any.Type, at index: Int) -> DecodingError {
        let path = path(to: index)
        return kind(at: index) == .null
            ? .valueNotFound(type, .init(codingPath: path, debugDescription: "The value is null."))
            : .typeMismatch(type, .init(codingPath: path, debugDescription: "The value is of another type."))
    }

    func corrupted(at index: Int, _ description: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: path(to: index), debugDescription: description))
    }

    /// The path to the value at an index.
    func path(to index: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var index = index
        while index > 0 {
            let place = places[index]
            path.append(
                kind(at: Int(place.container)) == .object
                    ? JSONPathKey(stringValue: json(at: index - 1).text)
                    : JSONPathKey(intValue: Int(place.position)))
            index = Int(place.container)
        }
        return path.reversed()
    }

    /// The place of a value in its container.
    private struct Place {
        var container: UInt32 = 0
        /// The number of elements before it. For the value of a member, it means nothing.
        var position: UInt32 = 0

        static func places(in tape: [JSONDocument.Entry]) -> [Place] {
            var places = [Place](repeating: Place(), count: tape.count)
            // The containers that are open, each with its end and the number of its entries so far.
            var open: [(index: UInt32, end: UInt32, count: UInt32)] = []
            for index in tape.indices {
                while let container = open.last, container.end <= index { open.removeLast() }
                if let container = open.last {
                    places[index] = Place(container: container.index, position: container.count)
                    open[open.count - 1].count += 1
                }
                if tape[index].kind == .object || tape[index].kind == .array {
                    open.append((UInt32(index), tape[index].next, 0))
                }
            }
            return places
        }
    }
}
