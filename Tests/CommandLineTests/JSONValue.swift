import FoundationEssentials

/// Any JSON value, so that a test can change every text in an encoded value.
indirect enum JSONValue: Codable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {  // Not this type; try the next one.
            self = .boolean(flag)
        } else if let number = try? container.decode(Double.self) {  // Not this type; try the next one.
            self = .number(number)
        } else if let text = try? container.decode(String.self) {  // Not this type; try the next one.
            self = .string(text)
        } else if let elements = try? container.decode([JSONValue].self) {  // Not this type; try the next one.
            self = .array(elements)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let flag): try container.encode(flag)
        case .number(let number):
            if let whole = Int(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }

    /// Returns the value with changed texts: strings and keys of objects.
    ///
    /// - Parameter change: Receives the index of each text, in depth-first order and by key, and the text.
    func mapped(_ change: (Int, String) -> String) -> JSONValue {
        var number = 0
        return mapped(&number, change)
    }

    private func mapped(_ number: inout Int, _ change: (Int, String) -> String) -> JSONValue {
        switch self {
        case .null, .boolean, .number: return self
        case .string(let text):
            number += 1
            return .string(change(number - 1, text))
        case .array(let elements): return .array(elements.map { $0.mapped(&number, change) })
        case .object(let members):
            var changed: [String: JSONValue] = [:]
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                number += 1
                changed[change(number - 1, key)] = value.mapped(&number, change)
            }
            return .object(changed)
        }
    }
}
