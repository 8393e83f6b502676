/// The decoder of the value at an index of the tape.
struct DecodedValue: Decoder, SingleValueDecodingContainer {
    let source: DecodedDocument
    let index: Int

    var codingPath: [any CodingKey] { source.path(to: index) }
    var userInfo: [CodingUserInfoKey: Any] { source.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard source.kind(at: index) == .object else { throw source.mismatch([String: Any].self, at: index) }
        return KeyedDecodingContainer(DecodedObject<Key>(source: source, index: index))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard source.kind(at: index) == .array else { throw source.mismatch([Any].self, at: index) }
        return DecodedArray(source: source, index: index)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { source.kind(at: index) == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try source.boolean(at: index) }
    func decode(_ type: String.Type) throws -> String { try source.string(at: index) }

    @inline(__always)
    func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number {
        try source.integer(type, at: index)
    }

    @inline(__always)
    func decode<Number: BinaryFloatingPoint & LosslessStringConvertible & Decodable>(
        _ type: Number.Type
    ) throws -> Number { try source.number(type, at: index) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try source.value(type, at: index) }
}

/// The decoder of a value that is absent. To a value that asks for it, it looks like a null.
struct AbsentValue: Decoder, SingleValueDecodingContainer {
    let source: DecodedDocument
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { source.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw absence(of: [String: Any].self)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw absence(of: [Any].self) }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }
    func decodeNil() -> Bool { true }

    func decode(_ type: Bool.Type) throws -> Bool { throw absence(of: type) }
    func decode(_ type: String.Type) throws -> String { throw absence(of: type) }
    func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number { throw absence(of: type) }
    func decode<Number: BinaryFloatingPoint & Decodable>(_ type: Number.Type) throws -> Number {
        throw absence(of: type)
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // An optional value finds out itself that it is `nil`.
        try Value(from: self)
    }

    private func absence(of type: any Any.Type) -> DecodingError {
        .valueNotFound(type, .init(codingPath: codingPath, debugDescription: "\(type) is absent."))
    }
}
