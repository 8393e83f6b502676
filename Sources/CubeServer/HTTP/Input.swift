import CubeCore
import CubeErrors
import CubeJSON
import CubeTypes

/// An input of a route: a path component, a query parameter, or the body.
///
/// The same value parses the input and describes it, so the description always matches.
struct Input<Value: Sendable>: Sendable {
    let description: InputDescription
    /// Reads the value; `nil` if it is invalid. The query reader collects the error then.
    let read: @Sendable (Call, inout QueryReader) async throws -> Value?
}

/// The description of an ``Input`` in the OpenAPI document.
struct InputDescription: Sendable {
    enum Place: String, Sendable { case path, query, body }

    let place: Place
    let name: String
    let summary: String
    let schema: Schema
    let isRequired: Bool
}

// MARK: - The path

extension Input {
    /// A path component, `{name}`.
    static func path(_ name: String, as type: Value.Type = Value.self, _ summary: String) -> Input
    where Value: Identifier & Described {
        Input(
            description: InputDescription(
                place: .path, name: name, summary: summary, schema: Value.schema, isRequired: true)
        ) { call, _ in try Value(checking: call.parameters[name] ?? "", field: name) }
    }
}

extension Input<String> {
    /// A path component that can be any string.
    static func path(_ name: String, _ summary: String) -> Input {
        Input(
            description: InputDescription(
                place: .path, name: name, summary: summary, schema: .string, isRequired: true)
        ) { call, _ in call.parameters[name] }
    }
}

// MARK: - The query

extension Input {
    /// An optional query parameter.
    ///
    /// - Parameter rule: The rule for valid values, as an error message states it.
    private static func query<Written: Sendable>(
        _ name: String, _ summary: String, _ schema: Schema, rule: String,
        parse: @Sendable @escaping (String) -> Written?
    ) -> Input where Value == Written? {
        Input(
            description: InputDescription(
                place: .query, name: name, summary: summary, schema: schema, isRequired: false)
        ) { _, query in .some(query.read(name, rule, parse)) }
    }

    /// A required query parameter, made from an optional one.
    static func required(_ input: Input<Value?>) -> Input {
        Input(description: input.description.requiring(true)) { call, query in
            query.require(input.description.name)
            return try await input.read(call, &query) ?? nil
        }
    }
}

extension Input {
    /// A query parameter that is required if any of the other parameters is present.
    static func together<Written>(_ input: Input<Written?>, with names: [String]) -> Input where Value == Written? {
        Input(description: input.description) { call, query in
            if query.hasAny(of: names) { query.require(input.description.name) }
            return try await input.read(call, &query)
        }
    }
}

extension InputDescription {
    fileprivate func requiring(_ isRequired: Bool) -> InputDescription {
        InputDescription(place: place, name: name, summary: summary, schema: schema, isRequired: isRequired)
    }
}

extension Input {
    static func identifier<Name: Identifier & Described>(
        _ name: String, as type: Name.Type = Name.self, _ summary: String
    ) -> Input where Value == Name? {
        query(name, summary, Name.schema, rule: Name.rule, parse: Name.init(rawValue:))
    }
}

extension Input<String?> {
    static func text(_ name: String, _ summary: String) -> Input {
        query(name, summary, .string, rule: "") { $0 }
    }
}

extension Input<String?> {
    static func portName(_ name: String, _ summary: String) -> Input {
        query(name, summary, WorkloadName.schema, rule: WorkloadName.rule) { WorkloadName(rawValue: $0)?.rawValue }
    }
}

extension Input<TaskState?> {
    static func state(_ name: String, _ summary: String) -> Input {
        query(name, summary, TaskState.schema, rule: "") { TaskState(rawValue: $0) }
    }
}

extension Input<Timestamp?> {
    static func timestamp(_ name: String, _ summary: String) -> Input {
        query(name, summary, Timestamp.schema, rule: "must be an RFC 3339 time", parse: Timestamp.init)
    }
}

extension Input<Duration?> {
    static func duration(_ name: String, _ summary: String) -> Input {
        query(name, summary, Duration.schema, rule: "must be a whole number followed by ms, s, m or h") {
            Duration(text: $0)
        }
    }
}

extension Input<Int?> {
    static func integer(_ name: String, in range: ClosedRange<Int> = 0...Counter.limit, _ summary: String) -> Input {
        let rule = range.upperBound == Counter.limit ? "must be at least \(range.lowerBound)" : "must be in \(range)"
        return query(name, summary, .integer(range), rule: rule) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Input<Int> {
    /// - Parameter standard: The default value.
    static func integer(
        _ name: String, in range: ClosedRange<Int> = 0...Counter.limit, orElse standard: Int, _ summary: String
    ) -> Input {
        let input = Input<Int?>.integer(name, in: range, summary)
        let schema = input.description.schema.with(["default": .integer(Int64(standard))])
        return Input(
            description: InputDescription(
                place: .query, name: name, summary: summary, schema: schema, isRequired: false)
        ) { call, query in (try await input.read(call, &query) ?? nil) ?? standard }
    }
}

extension Input<Duration> {
    /// The maximum time that a call waits. The default is zero, and the server sets an upper limit.
    static func wait(_ name: String, _ summary: String) -> Input {
        Input(
            description: InputDescription(
                place: .query, name: name, summary: "\(summary) At most \(ServerLimits().longestWait.text).",
                schema: .pattern("^[0-9]{1,12}(ms|s|m|h)$", example: "30s").with(["default": "0s"]), isRequired: false)
        ) { call, query in
            let longest = call.limits.longestWait
            return query.read(name, "must be a whole number followed by ms, s, m or h, and at most \(longest.text)") {
                text in
                Duration(text: text).flatMap { $0 <= longest ? $0 : nil }
            } ?? .zero
        }
    }
}

extension Input<Bool> {
    /// A Boolean parameter. A name without a value means `true`.
    static func flag(_ name: String, _ summary: String) -> Input {
        Input(
            description: InputDescription(
                place: .query, name: name, summary: summary, schema: .boolean.with(["default": false]),
                isRequired: false)
        ) { _, query in
            query.read(name, "must be true or false") { ["": true, "true": true, "false": false][$0] } ?? false
        }
    }
}

// MARK: - The body

extension Input where Value: Decodable & Described {
    static func body(_ type: Value.Type = Value.self) -> Input {
        Input(
            description: InputDescription(
                place: .body, name: "body", summary: "", schema: Value.schema, isRequired: true)
        ) { call, _ in try await call.body(as: Value.self) }
    }
}
