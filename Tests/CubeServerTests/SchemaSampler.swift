import CubeTesting

/// Generates values that match a JSON Schema.
struct SchemaSampler {
    /// The targets of references, by name.
    let components: JSON
    /// Whether the values contain all optional properties.
    var isFull = false

    /// Strings that match the patterns of Cube's schemas.
    private static let strings: [String: [String]] = [
        "^/": ["/srv/web"], "^/dev/.": ["/dev/net/tun"], "^/[!-~]*$": ["/", "/ready?a=b"],
        "^0?[0-7]{3}$": ["0444", "755"],
        "^[0-9]{1,12}(ms|s|m|h)$": ["5s", "500ms", "90m"], "^[^=\\u0000]+$": ["PATH", "a b"],
        "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$": ["http", "metrics-2"],
    ]

    func sample(_ schema: JSON, using random: inout SeededGenerator) throws -> JSON {
        if let reference = schema["$ref"] { return try sample(component(reference), using: &random) }
        if let alternatives = schema["oneOf"]?.elements, schema["properties"] == nil {
            return try sample(random.pick(alternatives), using: &random)
        }
        if let words = schema["enum"]?.elements { return random.pick(words) }
        let types = (schema["type"]?.elements ?? schema["type"].map { [$0] } ?? []).compactMap(\.string)
        guard let type = types.first(where: { $0 != "null" }) else { throw Unsampled(schema: schema) }
        switch type {
        case "boolean": return .boolean(.random(using: &random))
        case "integer":
            let (least, most) = (schema["minimum"]?.whole ?? 0, schema["maximum"]?.whole ?? .max)
            return .integer(
                random.pick([least, most, Int.random(in: least...min(most, least + 1000), using: &random)]))
        case "number": return random.pick([.integer(0), .number(0.25), .integer(3)])
        case "string": return .string(try string(schema, using: &random))
        case "array":
            let items = try schema["items"]?["$ref"].map(component) ?? schema["items"]!
            if isFull, items["properties"] != nil, let alternatives = items["oneOf"]?.elements {
                return .array(try alternatives.map { .object(try object(items, as: $0, using: &random)) })
            }
            return .array(
                try (0..<Int.random(in: (isFull ? 1 : schema["minItems"]?.whole ?? 0)...2, using: &random)).map { _ in
                    try sample(schema["items"]!, using: &random)
                })
        case "object": return .object(try object(schema, using: &random))
        default: throw Unsampled(schema: schema)
        }
    }

    private func string(_ schema: JSON, using random: inout SeededGenerator) throws -> String {
        if schema["format"]?.string == "date-time" { return "2026-01-02T03:04:05.678Z" }
        if schema["contentEncoding"] != nil { return random.pick(["", "aGVsbG8="]) }
        if let pattern = schema["pattern"]?.string {
            let known = Self.strings[pattern] ?? schema["examples"]?.elements?.compactMap(\.string)
            guard let known else {
                // A UUID, or a digest from a field table.
                if pattern.hasPrefix("^sha256") { return "sha256:" + String(repeating: "0a", count: 32) }
                if try Regex(pattern).firstMatch(in: "web") != nil { return "web" }
                throw Unsampled(schema: schema)
            }
            return random.pick(known)
        }
        let words = ["web", "ü \"\\/\u{1}", " "] + (schema["minLength"] == nil ? [""] : [])
        return random.pick(words + (schema["examples"]?.elements?.compactMap(\.string) ?? []))
    }

    private func object(_ schema: JSON, as alternative: JSON? = nil, using random: inout SeededGenerator) throws
        -> [String: JSON]
    {
        var required = Set(schema["required"]?.elements?.compactMap(\.string) ?? [])
        var properties = schema["properties"]?.members ?? [:]
        if let alternatives = schema["oneOf"]?.elements {
            let chosen = alternative ?? random.pick(alternatives)
            for other in alternatives where other != chosen {
                for key in other["required"]!.elements! { properties[key.string!] = nil }
            }
            required.formUnion(chosen["required"]!.elements!.compactMap(\.string))
            for (key, more) in chosen["properties"]?.members ?? [:] {
                properties[key] = .object(properties[key]!.members!.merging(more.members!) { $1 })
            }
        }
        var object: [String: JSON] = [:]
        for (key, property) in properties.sorted(by: { $0.key < $1.key })
        where isFull || required.contains(key) || .random(using: &random) {
            object[key] = try sample(property, using: &random)
        }
        if let values = schema["additionalProperties"], values.members != nil {
            for _ in 0..<Int.random(in: (isFull ? 1 : 0)...2, using: &random) {
                let name = try string(schema["propertyNames"] ?? .object([:]), using: &random)
                object[name] = try sample(values, using: &random)
            }
        }
        return object
    }

    /// The target of a reference.
    func component(_ reference: JSON) throws -> JSON {
        guard let name = reference.string?.split(separator: "/").last, let schema = components[String(name)] else {
            throw Unsampled(schema: reference)
        }
        return schema
    }

    struct Unsampled: Error { var schema: JSON }
}
