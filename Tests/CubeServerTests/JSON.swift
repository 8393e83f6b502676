import CubeJSON
import FoundationEssentials

/// Any JSON value, for inspection in a test.
enum JSON: Hashable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(_ canonical: CanonicalJSON) throws { try self.init(reading: canonical.bytes) }

    init(encoding value: some Encodable) throws { try self.init(reading: Array(JSONEncoder().encode(value))) }

    init(reading bytes: [UInt8]) throws { self.init(try JSONDocument(reading: bytes).root) }

    private init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .boolean: self = .boolean(value.boolean!)
        case .number:
            let number = value.number!
            self = number.integer().map(JSON.integer) ?? .number(Double(number.description)!)
        case .string: self = .string(value.text)
        case .array: self = .array(value.elements.map(JSON.init))
        case .object:
            self = .object(value.members.reduce(into: [:]) { $0[$1.key.text] = JSON($1.value) })
        }
    }

    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONBytesDecoder.value(type, from: Array(text.utf8))
    }

    subscript(key: String) -> JSON? { members?[key] }

    var members: [String: JSON]? { if case .object(let members) = self { members } else { nil } }
    var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    var string: String? { if case .string(let string) = self { string } else { nil } }
    var whole: Int? { if case .integer(let number) = self { number } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { whole.map(Double.init) } }

    var text: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): String(decoding: CanonicalJSON.string(value).bytes, as: UTF8.self)
        case .array(let values): "[\(values.map(\.text).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(JSON.string($0).text):\($1.text)" }.joined(separator: ","))}"
        }
    }
}
