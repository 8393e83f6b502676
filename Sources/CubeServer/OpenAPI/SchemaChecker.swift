import CubeCore
import CubeErrors
import CubeJSON
import CubeTypes
import FoundationEssentials

/// Finds every part of a value that breaks a schema. Supports only the keywords that Cube's schemas use.
///
/// `null` is equivalent to absence. Unknown members are allowed.
struct SchemaChecker {
    /// The supported keywords.
    static let keywords: Set = [
        "$ref", "additionalProperties", "contentEncoding", "enum", "items", "maxItems", "maximum", "minItems",
        "minLength", "minimum", "not", "oneOf", "pattern", "properties", "propertyNames", "required", "type",
    ]
    /// The keywords of limits that only the core checks, because it counts bytes, whereas a schema counts characters.
    static let bounds: Set = ["maxLength", "maxProperties"]
    /// The keywords that are annotations only. `format` is checked only for times.
    static let remarks: Set = ["default", "description", "examples", "format"]

    /// The maximum number of errors to report.
    private static let limit = 100

    private let components: [String: CanonicalJSON]
    private let patterns: Patterns
    private var problems: [ValidationError] = []

    private init(components: [String: CanonicalJSON], patterns: Patterns = Patterns()) {
        self.components = components
        self.patterns = patterns
    }

    /// The compiled patterns of one check. Each is compiled once, because a body may contain many strings.
    private final class Patterns {
        private var compiled: [String: Regex<AnyRegexOutput>] = [:]

        func match(_ text: String, _ pattern: String) -> Bool {
            // All patterns are part of this program, so each compiles.
            guard let regex = try? compiled[pattern] ?? Regex(pattern).matchingSemantics(.unicodeScalar) else {
                return true
            }
            compiled[pattern] = regex
            return text.firstMatch(of: regex) != nil
        }
    }

    /// Returns the errors of a value, in the order of the document.
    static func problems(of value: JSONValue, _ schema: Schema) -> [ValidationError] {
        var checker = SchemaChecker(components: schema.components)
        checker.check(value, schema.json, at: JSONPlace())
        let found = checker.problems
        guard found.count > limit else { return found }
        return Array(found.prefix(limit)) + [
            ValidationError(field: JSONPlace().text, value: nil, message: "has more errors, which are not listed")
        ]
    }

    private mutating func report(_ place: JSONPlace, _ value: JSONValue?, _ message: String) {
        problems.append(
            ValidationError(field: place.text, value: place.isSecret ? nil : value?.shown, message: message))
    }

    private mutating func check(_ value: JSONValue, _ schema: CanonicalJSON, at place: JSONPlace) {
        let rules = rules(of: schema)
        if let words = rules["enum"]?.words, value.string.map({ !words.contains($0) }) ?? true {
            return report(place, value, "must be one of \(words.joined(separator: ", "))")
        }
        let types = rules["type"]?.words ?? []
        guard types.isEmpty || types.contains(where: value.isOf) else {
            // A string instead of an object may contain the secret values of that object.
            let mayTell = value.kind != .string || !holdsSecrets(schema)
            let phrases = types.filter { $0 != "null" }.map(Self.phrase)
            return report(place, mayTell ? value : nil, "must be \(phrases.joined(separator: " or "))")
        }
        switch value.kind {
        case .string: checkText(value, rules, at: place)
        case .number: checkNumber(value, rules, at: place)
        case .array: checkArray(value, rules, at: place)
        case .object: checkObject(value, rules, at: place)
        case .boolean, .null: break
        }
        if let alternatives = rules["oneOf"]?.elements { checkAlternatives(value, alternatives, at: place) }
    }

    /// The keywords of a schema, merged with those of the schema to which it refers.
    private func rules(of schema: CanonicalJSON) -> [String: CanonicalJSON] {
        let own = schema.members ?? [:]
        guard let name = own["$ref"]?.word?.split(separator: "/").last, let meant = components[String(name)] else {
            return own
        }
        return rules(of: meant).merging(own) { $1 }
    }

    /// Whether values of this schema can contain secrets.
    private func holdsSecrets(_ schema: CanonicalJSON) -> Bool {
        let rules = rules(of: schema)
        let parts =
            [rules["items"], rules["additionalProperties"]].compactMap(\.self) + (rules["oneOf"]?.elements ?? [])
        return parts.contains(where: holdsSecrets)
            || (rules["properties"]?.members ?? [:]).contains { key, part in
                JSONPlace.secrets.contains(key) || holdsSecrets(part)
            }
    }
}

// MARK: - Kinds of values

extension SchemaChecker {
    private mutating func checkText(_ value: JSONValue, _ rules: [String: CanonicalJSON], at place: JSONPlace) {
        let text = value.text
        if rules["format"]?.word == "date-time", Timestamp(text) == nil {
            return report(place, value, "must be an RFC 3339 time")
        }
        if rules["contentEncoding"] != nil, Data(base64Encoded: text) == nil {
            return report(place, value, "must be base64")
        }
        guard let demand = demands(on: text, rules).first else { return }
        let example = rules["examples"]?.elements?.first.map { ", such as \($0.line)" } ?? ""
        report(place, value, demand + example)
    }

    /// The rules that a string or a key breaks.
    private func demands(on text: String, _ rules: [String: CanonicalJSON]) -> [String] {
        ["minLength", "pattern", "not"].compactMap { keyword in
            guard let rule = rules[keyword], !obeys(text, keyword, rule) else { return nil }
            return Self.demand(keyword, rule)
        }
    }

    private func obeys(_ text: String, _ keyword: String, _ rule: CanonicalJSON) -> Bool {
        switch keyword {
        case "minLength": text.unicodeScalars.count >= rule.whole ?? 0
        // No valid value with a pattern is longer. Matching a longer string would let a client consume CPU time.
        case "pattern": rule.word.map { patterns.match(String(text.unicodeScalars.prefix(4096)), $0) } ?? true
        case "not": !(rule.members?["enum"]?.words?.contains(text) ?? false)
        default: true
        }
    }

    private static func demand(_ keyword: String, _ rule: CanonicalJSON) -> String {
        switch keyword {
        case "minLength":
            rule.whole == 1 ? "must not be empty" : "must have at least \(rule.whole ?? 0) characters"
        case "not": "must not be one of \((rule.members?["enum"]?.words ?? []).joined(separator: ", "))"
        default: "must match \(rule.word ?? "")"
        }
    }

    private mutating func checkNumber(_ value: JSONValue, _ rules: [String: CanonicalJSON], at place: JSONPlace) {
        guard let number = value.number.flatMap({ Double($0.text) }) else { return }
        let (least, most) = (rules["minimum"]?.whole, rules["maximum"]?.whole)
        guard number < Double(least ?? .min) || number > Double(most ?? .max) else { return }
        switch (least, most) {
        case (let least?, let most?) where most < .max: report(place, value, "must be from \(least) to \(most)")
        case (let least?, _): report(place, value, "must be at least \(least)")
        case (nil, _): report(place, value, "must be at most \(most ?? .max)")
        }
    }

    private mutating func checkArray(_ value: JSONValue, _ rules: [String: CanonicalJSON], at place: JSONPlace) {
        let count = value.elements.reduce(0) { count, _ in count + 1 }
        if let least = rules["minItems"]?.whole, count < least {
            report(place, value, "must have at least \(Count(least, "element"))")
        }
        if let most = rules["maxItems"]?.whole, count > most {
            return report(place, value, "must have at most \(Count(most, "element")), not \(count)")
        }
        guard let items = rules["items"] else { return }
        for (index, element) in value.elements.enumerated() where problems.count <= Self.limit {
            check(element, items, at: place.element(index))
        }
    }

    private mutating func checkObject(_ value: JSONValue, _ rules: [String: CanonicalJSON], at place: JSONPlace) {
        let properties = rules["properties"]?.members ?? [:]
        let required = rules["required"]?.words ?? []
        let names = rules["propertyNames"]?.members ?? [:]
        for (key, member) in value.members {
            if let property = properties[key.text] {
                if member.kind != .null { check(member, property, at: place.member(key.text)) }
            } else if let values = rules["additionalProperties"], values.members != nil {
                let inside = place.name(key.text)
                for demand in demands(on: key.text, names) { report(inside, nil, "its name \(demand)") }
                check(member, values, at: inside)
            }
        }
        for key in required {
            guard let member = value[key] else {
                report(place.member(key), nil, "is missing")
                continue
            }
            if member.kind == .null { report(place.member(key), nil, "must not be null") }
        }
    }

    /// Checks that exactly one alternative matches. If none does, reports the errors of the alternative that was meant,
    /// if that is unambiguous.
    private mutating func checkAlternatives(
        _ value: JSONValue, _ alternatives: [CanonicalJSON], at place: JSONPlace
    ) {
        let attempts = alternatives.map { schema in
            var attempt = SchemaChecker(components: components, patterns: patterns)
            attempt.check(value, schema, at: place)
            return (rules: rules(of: schema), problems: attempt.problems)
        }
        if attempts.filter(\.problems.isEmpty).count == 1 { return }
        let types = attempts.flatMap { $0.rules["type"]?.words ?? [] }
        guard types.isEmpty || types.contains(where: value.isOf) else {
            return report(place, nil, "must be \(types.map(Self.phrase).joined(separator: " or "))")
        }
        let meant = attempts.filter { attempt in
            let types = attempt.rules["type"]?.words ?? []
            return (types.isEmpty || types.contains(where: value.isOf))
                && (attempt.rules["required"]?.words ?? []).allSatisfy { value[$0].map { $0.kind != .null } ?? false }
        }
        if meant.count == 1 {
            problems += meant[0].problems
            return
        }
        let keys = attempts.flatMap { $0.rules["required"]?.words ?? [] }
        report(place, nil, "must have \(meant.isEmpty ? "one" : "only one") of \(keys.joined(separator: ", "))")
    }

    private static func phrase(_ type: String) -> String {
        switch type {
        case "string": "a string"
        case "integer": "a whole number"
        case "number": "a number"
        case "boolean": "true or false"
        case "array": "an array"
        default: "an object"
        }
    }
}

extension JSONValue {
    fileprivate func isOf(type: String) -> Bool {
        switch (kind, type) {
        case (.null, "null"), (.boolean, "boolean"), (.number, "number"), (.string, "string"), (.array, "array"),
            (.object, "object"):
            true
        case (.number, "integer"): number?.integer() != nil
        default: false
        }
    }

    /// The value on one line, shortened.
    fileprivate var shown: String {
        switch kind {
        case .object: "{…}"
        case .array: "[…]"
        case .string: "\"\(text.harmless.shortened(to: 78))\""
        case .number: number?.description ?? ""
        case .boolean: boolean == true ? "true" : "false"
        case .null: "null"
        }
    }
}

extension CanonicalJSON {
    fileprivate var members: [String: CanonicalJSON]? { if case .object(let members) = self { members } else { nil } }
    fileprivate var elements: [CanonicalJSON]? { if case .array(let elements) = self { elements } else { nil } }
    fileprivate var word: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var whole: Int? { if case .integer(let number) = self { Int(number) } else { nil } }
    /// The value as a list of words.
    fileprivate var words: [String]? { word.map { [$0] } ?? elements?.compactMap(\.word) }
}
