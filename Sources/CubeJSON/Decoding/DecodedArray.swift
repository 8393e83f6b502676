/// The elements of an array, from one to the next.
struct DecodedArray: UnkeyedDecodingContainer {
    let source: DecodedDocument
    let index: Int
    private(set) var currentIndex = 0
    /// The place of the next element.
    private var place: Int
    private let end: Int

    init(source: DecodedDocument, index: Int) {
        self.source = source
        self.index = index
        place = index + 1
        end = Int(source.document.tape[index].next)
    }

    var codingPath: [any CodingKey] { source.path(to: index) }
    var isAtEnd: Bool { place >= end }

    var count: Int? {
        var count = 0
        var place = index + 1
        while place < end {
            count += 1
            place = Int(source.document.tape[place].next)
        }
        return count
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw absence(of: Never.self) }
        guard source.kind(at: place) == .null else { return false }
        advance()
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next(type) { try $0.boolean(at: $1) } }
    mutating func decode(_ type: String.Type) throws -> String { try next(type) { try $0.string(at: $1) } }

    @inline(__always)
    mutating func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number {
        try next(type) { try $0.integer(type, at: $1) }
    }

    @inline(__always)
    mutating func decode<Number: BinaryFloatingPoint & LosslessStringConvertible & Decodable>(
        _ type: Number.Type
    ) throws -> Number { try next(type) { try $0.number(type, at: $1) } }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next(type) { try $0.value(type, at: $1) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next([String: Any].self) { try DecodedValue(source: $0, index: $1).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next([Any].self) { try DecodedValue(source: $0, index: $1).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next((any Decoder).self) { DecodedValue(source: $0, index: $1) }
    }

    /// Decodes the next element, and passes it unless it cannot be decoded.
    @inline(__always)
    private mutating func next<Element>(
        _ type: any Any.Type, _ decode: (DecodedDocument, Int) throws -> Element
    ) throws -> Element {
        guard !isAtEnd else { throw absence(of: type) }
        let element = try decode(source, place)
        advance()
        return element
    }

    private mutating func advance() {
        place = Int(source.document.tape[place].next)
        currentIndex += 1
    }

    private func absence(of type: any Any.Type) -> DecodingError {
        .valueNotFound(
            type,
            .init(
                codingPath: codingPath + [JSONPathKey(intValue: currentIndex)],
                debugDescription: "The array has only \(currentIndex) elements."))
    }
}
