/// The members of an object.
struct DecodedObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: DecodedDocument
    let index: Int
    /// The members of a large object by their keys. Those of a small one are found as fast without it.
    private let table: [String: Int]?

    private static var largeCount: Int { 32 }

    init(source: DecodedDocument, index: Int) {
        self.source = source
        self.index = index
        // An object of a few entries has few members.
        let isSmall = Int(source.document.tape[index].next) - index <= 2 * Self.largeCount
        table = isSmall ? nil : Self.table(of: JSONValue(document: source.document, index: index))
    }

    private static func table(of object: JSONValue) -> [String: Int]? {
        guard object.members.dropFirst(largeCount).contains(where: { _ in true }) else { return nil }
        return Dictionary(object.members.map { ($0.key.text, $0.value.index) }) { first, _ in first }
    }

    var codingPath: [any CodingKey] { source.path(to: index) }

    var allKeys: [Key] {
        JSONValue(document: source.document, index: index).members.compactMap { Key(stringValue: $0.key.text) }
    }

    func contains(_ key: Key) -> Bool { member(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { source.kind(at: try place(of: key)) == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try source.boolean(at: place(of: key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try source.string(at: place(of: key)) }

    @inline(__always)
    func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type, forKey key: Key) throws -> Number {
        try source.integer(type, at: place(of: key))
    }

    @inline(__always)
    func decode<Number: BinaryFloatingPoint & LosslessStringConvertible & Decodable>(
        _ type: Number.Type, forKey key: Key
    ) throws -> Number { try source.number(type, at: place(of: key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try source.value(type, at: place(of: key))
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try source.boolean(at: $0) }
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try source.string(at: $0) }
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try source.integer(type, at: $0) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key).map { try source.value(type, at: $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try DecodedValue(source: source, index: place(of: key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try DecodedValue(source: source, index: place(of: key)).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { decoder(of: JSONPathKey(stringValue: "super")) }
    func superDecoder(forKey key: Key) -> any Decoder { decoder(of: key) }

    private func decoder(of key: some CodingKey) -> any Decoder {
        guard let place = member(key) else { return AbsentValue(source: source, codingPath: codingPath + [key]) }
        return DecodedValue(source: source, index: place)
    }

    private func member(_ key: some CodingKey) -> Int? {
        if let table { return table[key.stringValue] }
        return source.member(key.stringValue, of: index)
    }

    /// The place of the value of a member that is not null.
    private func present(_ key: Key) -> Int? {
        guard let place = member(key), source.kind(at: place) != .null else { return nil }
        return place
    }

    private func place(of key: Key) throws -> Int {
        guard let place = member(key) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "\"\(key.stringValue)\" is missing."))
        }
        return place
    }
}
