import CubeJSON

/// A type whose values stand on the wire, and what they look like there.
protocol Described: SendableMetatype {
    static var schema: Schema { get }
    /// The schema that a value is held against: of several forms, the one that it is meant to have.
    static func schema(for value: JSONValue) -> Schema
}

extension Described {
    static func schema(for value: JSONValue) -> Schema { schema }
}

/// A type that stands on the wire as an object under its own name: described property by property.
protocol DescribedObject: Described, Codable {
    /// What it is, in a sentence.
    static var summary: String { get }
    static var properties: [Property<Self>] { get }
    /// What the type holds beside them, by the names of its stored properties.
    static var offTheWire: Set<String> { get }
}

extension DescribedObject {
    static var offTheWire: Set<String> { [] }

    static var schema: Schema {
        let object = Schema.object(properties.map { ($0.key, $0.schema, $0.isRequired) })
        return .component("\(Self.self)", object.with(["description": .string(summary)]))
    }
}

/// One property of an object on the wire. Its schema follows from the property's type, so that the two cannot part.
struct Property<Root>: Sendable {
    let key: String
    let schema: Schema
    /// Whether an object without it is refused.
    let isRequired: Bool

    private init(_ key: String, _ schema: Schema, _ summary: String, isRequired: Bool, refined: [String: CanonicalJSON])
    {
        self.key = key
        var keywords = refined
        if !summary.isEmpty { keywords["description"] = .string(summary) }
        self.schema = schema.with(keywords)
        self.isRequired = isRequired
    }

    /// - Parameters:
    ///   - isRequired: `false` where an object without it has a default.
    ///   - refined: keywords beyond those of the type.
    init<Value: Described>(
        _ key: String, _ property: KeyPath<Root, Value>, _ summary: String = "", isRequired: Bool = true,
        _ refined: [String: CanonicalJSON] = [:]
    ) {
        self.init(key, Value.schema, summary, isRequired: isRequired, refined: refined)
    }

    /// A property that is absent where there is nothing to say.
    init<Value: Described>(
        _ key: String, _ property: KeyPath<Root, Value?>, _ summary: String = "",
        _ refined: [String: CanonicalJSON] = [:]
    ) {
        self.init(key, Value.schema, summary, isRequired: false, refined: refined)
    }
}

extension Array: Described where Element: Described {
    static var schema: Schema { .array(of: Element.schema) }
}

extension Dictionary: Described where Key == String, Value: Described {
    static var schema: Schema { .map(to: Value.schema) }
}
