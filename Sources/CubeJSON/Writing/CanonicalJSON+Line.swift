extension CanonicalJSON {
    /// The value on one line, with a space after each comma and colon, as people write short JSON.
    package var line: String {
        switch self {
        case .string, .integer, .boolean: String(decoding: bytes, as: UTF8.self)
        case .array(let elements): "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(CanonicalJSON.string($0.key).line): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }

    /// Whether the value is empty, so that it is not worth mentioning as a default.
    package var isEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.values.allSatisfy(\.isEmpty)
        case .integer, .boolean: false
        }
    }
}
