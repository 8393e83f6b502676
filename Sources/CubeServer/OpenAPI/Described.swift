import CubeJSON

/// A type that is used on the wire, with a schema.
protocol Described: SendableMetatype {
    static var schema: Schema { get }
    /// The schema for checking a value. A type with several forms selects the form that the value is meant to have.
    static func schema(for value: JSONValue) -> Schema
}

extension Described {
    static func schema(for value: JSONValue) -> Schema { schema }
}

/// A type that is an object on the wire, with a named schema that lists its properties.
protocol DescribedObject: Described, Codable {
    /// A summary, in one sentence.
    static var summary: String { get }
    static var properties: [Property<Self>] { get }
    /// The names of stored properties that are not on the wire.
    static var offTheWire: Set<String> { get }
}

extension DescribedObject {
    static var offTheWire: Set<String> { [] }

    static var schema: Schema {
        let object = Schema.object(properties.map { ($0.key, $0.schema, $0.isRequired) })
        return .component("\(Self.self)", object.with(["description": .string(summary)]))
    }
}

/// A property of an object on the wire. The schema is derived from the property's type, so that both always agree.
struct Property<Root>: Sendable {
    let key: String
    let schema: Schema
    /// Whether the property is required.
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
    ///   - isRequired: `false` if the property has a default.
    ///   - refined: Additional schema keywords.
    init<Value: Described>(
        _ key: String, _ property: KeyPath<Root, Value>, _ summary: String = "", isRequired: Bool = true,
        _ refined: [String: CanonicalJSON] = [:]
    ) {
        self.init(key, Value.schema, summary, isRequired: isRequired, refined: refined)
    }

    /// A property whose bytes are in Base64.
    init(_ key: String, bytes property: KeyPath<Root, [UInt8]>, _ summary: String, isRequired: Bool = true) {
        self.init(key, .string, summary, isRequired: isRequired, refined: ["contentEncoding": "base64"])
    }

    /// An optional property.
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
