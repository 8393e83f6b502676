/// Changes a value of a JSON Schema at one path, as a newer server might.
struct SchemaMutator {
    /// A step from a value to a nested value.
    enum Step: Hashable {
        /// A key that the API defines.
        case member(String)
        /// A key that the client chooses.
        case name(String)
        case element(Int)
    }

    struct Mutation {
        /// The kind of change, such as `null`.
        let change: String
        /// The path of the change, such as `stop.grace`, with elements and names generalised, as in `tasks[]`.
        let place: String
        let steps: [Step]
        /// The part that a decoder may lose: the value at the path, or the nearest enclosing optional value; otherwise
        /// the whole value.
        let loss: [Step]
        /// The changed value.
        let value: JSON
    }

    /// Returns each change at each path of a valid value. A reference counts as one path, because its target is a
    /// schema of its own.
    static func mutations(of value: JSON, _ schema: JSON) -> [Mutation] {
        var walk = Walk(whole: value)
        walk.inside(value, schema, Place())
        return walk.mutations
    }

    private struct Place {
        var steps: [Step] = []
        var name = ""
        var loss: [Step] = []

        func member(_ key: String, mayBeMissing: Bool) -> Place {
            let steps = steps + [.member(key)]
            return Place(steps: steps, name: name.isEmpty ? key : "\(name).\(key)", loss: mayBeMissing ? steps : loss)
        }

        func name(_ key: String) -> Place {
            let steps = steps + [.name(key)]
            return Place(steps: steps, name: "\(name){}", loss: steps)
        }

        func element(_ index: Int) -> Place {
            let steps = steps + [.element(index)]
            return Place(steps: steps, name: "\(name)[]", loss: steps)
        }
    }

    private struct Walk {
        let whole: JSON
        var mutations: [Mutation] = []

        private mutating func change(_ place: Place, _ change: String, to value: JSON) {
            mutations.append(
                Mutation(
                    change: change, place: place.name, steps: place.steps, loss: place.loss,
                    value: whole.setting(value, at: place.steps[...])))
        }

        /// Changes nested values.
        mutating func inside(_ value: JSON, _ schema: JSON, _ place: Place) {
            let schema = schema.alternative(of: value)
            switch value {
            case .object(let members):
                change(
                    place.member("from_tomorrow", mayBeMissing: true), "an unknown member", to: .object(["a": .null]))
                let required = Set(schema["required"]?.elements?.compactMap(\.string) ?? [])
                for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                    if let property = schema["properties"]?[key] {
                        let mayBeMissing = !required.contains(key)
                        let inner = place.member(key, mayBeMissing: mayBeMissing)
                        if mayBeMissing { change(inner, "null", to: .null) }
                        changes(of: member, property, inner)
                    } else if let values = schema["additionalProperties"], values.members != nil {
                        changes(of: member, values, place.name(key))
                    }
                }
            case .array(let elements):
                for (index, element) in elements.enumerated() {
                    changes(of: element, schema["items"]!, place.element(index))
                }
            default: break
            }
        }

        /// Changes a value, then its nested values.
        private mutating func changes(of value: JSON, _ schema: JSON, _ place: Place) {
            for other in [
                JSON.boolean(true), .integer(7), .number(0.5), .string("from tomorrow"), .array([.integer(1)]),
                .object(["new": .integer(1)]),
            ]
            where other.type != value.type && !(other == .integer(7) && value.type == "number") {
                change(place, "a value of type \(other.type)", to: other)
            }
            switch value {
            case .string: change(place, "an unknown text", to: .string("https://from-tomorrow:1"))
            case .integer: change(place, "a number without bounds", to: .number(1e30))
            default: break
            }
            if schema["$ref"] == nil { inside(value, schema, place) }
        }
    }
}

extension JSON {
    /// The name of the value's type in JSON Schema.
    fileprivate var type: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The alternative of a schema that matches a value.
    fileprivate func alternative(of value: JSON) -> JSON {
        guard self["properties"] == nil, let alternatives = self["oneOf"]?.elements else { return self }
        return alternatives.first { alternative in
            alternative["type"]?.string == value.type
                && (alternative["required"]?.elements ?? []).allSatisfy { value[$0.string!] != nil }
        } ?? self
    }

    /// Returns the value with another value at a path.
    fileprivate func setting(_ value: JSON, at steps: ArraySlice<SchemaMutator.Step>) -> JSON {
        switch (self, steps.first) {
        case (_, nil): return value
        case (.object(var members), .member(let key)), (.object(var members), .name(let key)):
            members[key] = (members[key] ?? .null).setting(value, at: steps.dropFirst())
            return .object(members)
        case (.array(var elements), .element(let index)):
            elements[index] = elements[index].setting(value, at: steps.dropFirst())
            return .array(elements)
        default: return self
        }
    }

    /// Returns the value without the value at a path.
    func removing(_ steps: ArraySlice<SchemaMutator.Step>) -> JSON {
        switch (self, steps.first) {
        case (.object(var members), .member(let key)), (.object(var members), .name(let key)):
            guard let member = members[key] else { return self }
            members[key] = steps.count == 1 ? nil : member.removing(steps.dropFirst())
            return .object(members)
        case (.array(var elements), .element(let index)):
            guard elements.indices.contains(index) else { return self }
            if steps.count == 1 {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].removing(steps.dropFirst())
            }
            return .array(elements)
        default: return self
        }
    }
}
