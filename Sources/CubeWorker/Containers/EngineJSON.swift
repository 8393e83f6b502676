import FoundationEssentials

/// The JSON of the Engine API, whose keys begin with an upper-case letter. The properties of Swift types begin with a lower-case one.
enum EngineJSON {
    static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { Key($0.last!.stringValue) { $0.lowercased() } }
        return try decoder.decode(Value.self, from: Data(bytes))
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .custom { Key($0.last!.stringValue) { $0.uppercased() } }
        return Array(try encoder.encode(value))
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ text: String, _ change: (Substring) -> String) {
            stringValue = change(text.prefix(1)) + text.dropFirst()
        }

        init?(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }
}
