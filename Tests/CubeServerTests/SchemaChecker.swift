/// Says what of a value is against a JSON Schema, by those keywords that descriptions of ours use; it refuses all others.
struct SchemaChecker {
    let components: JSON
    private let patterns = Patterns()

    init(components: JSON) { self.components = components }

    func problems(_ value: JSON, _ schema: JSON, at path: String = "") throws -> [String] {
        try (schema.members ?? [:]).sorted { $0.key < $1.key }.flatMap { keyword, rule in
            try problems(value, keyword, rule, of: schema, at: path)
        }
    }

    private func problems(
        _ value: JSON, _ keyword: String, _ rule: JSON, of schema: JSON, at path: String
    ) throws -> [String] {
        func unless(_ holds: Bool) -> [String] { holds ? [] : ["\(path): \(value) breaks \(keyword) \(rule)"] }
        switch (keyword, value) {
        case ("description", _), ("examples", _), ("format", _), ("default", _), ("contentEncoding", _): return []
        case ("$ref", _):
            return try problems(value, component(rule), at: path)
        case ("type", _):
            return unless((rule.elements ?? [rule]).contains { value.isOf(type: $0.string ?? "") })
        case ("enum", _): return unless(rule.elements!.contains(value))
        case ("not", _): return unless(try !problems(value, rule, at: path).isEmpty)
        case ("oneOf", _):
            return unless(try rule.elements!.filter { try problems(value, $0, at: path).isEmpty }.count == 1)
        case ("minimum", _): return unless(value.number.map { $0 >= rule.number! } ?? true)
        case ("maximum", _): return unless(value.number.map { $0 <= rule.number! } ?? true)
        case ("minLength", .string(let text)): return unless(text.unicodeScalars.count >= rule.whole!)
        case ("pattern", .string(let text)): return unless(try patterns.matches(rule.string!, text))
        case ("maxItems", .array(let items)): return unless(items.count <= rule.whole!)
        case ("minItems", .array(let items)): return unless(items.count >= rule.whole!)
        case ("items", .array(let items)):
            return try items.enumerated().flatMap { try problems($1, rule, at: "\(path)[\($0)]") }
        case ("required", .object(let members)):
            return unless(rule.elements!.allSatisfy { members[$0.string!] != nil })
        case ("properties", .object(let members)):
            return try members.flatMap { key, member in
                try rule[key].map { try problems(member, $0, at: "\(path).\(key)") } ?? []
            }
        case ("additionalProperties", .object(let members)):
            return try members.filter { schema["properties"]?[$0.key] == nil }
                .flatMap { try problems($1, rule, at: "\(path).\($0)") }
        case ("propertyNames", .object(let members)):
            return try members.keys.flatMap { try problems(.string($0), rule, at: "\(path) key \($0)") }
        case ("minLength", _), ("pattern", _), ("maxItems", _), ("minItems", _), ("items", _), ("required", _),
            ("properties", _),
            ("additionalProperties", _), ("propertyNames", _):
            return []
        default: return ["\(path): the keyword \(keyword) is not known here"]
        }
    }

    /// What a reference stands for.
    func component(_ reference: JSON) throws -> JSON {
        guard let name = reference.string?.split(separator: "/").last, let schema = components[String(name)] else {
            throw UnknownComponent(reference: reference)
        }
        return schema
    }

    /// Regular expressions, each made once.
    private final class Patterns {
        private var known: [String: Regex<AnyRegexOutput>] = [:]

        func matches(_ pattern: String, _ text: String) throws -> Bool {
            let regex = try known[pattern] ?? Regex(pattern)
            known[pattern] = regex
            return try regex.firstMatch(in: text) != nil
        }
    }

    struct UnknownComponent: Error { var reference: JSON }
}

extension JSON {
    fileprivate func isOf(type: String) -> Bool {
        switch (self, type) {
        case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        default: false
        }
    }
}
