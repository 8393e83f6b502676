extension ValidationError {
    /// Creates the error for a value that a decoder cannot read, with the path of the field and the rule. It contains a value
    /// only if one of our own decoders put the value into its message, because a body may contain secrets.
    package init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(field: Self.path(context.codingPath + [key]), value: nil, message: "is missing")
        case .valueNotFound(_, let context):
            self.init(field: Self.path(context.codingPath), value: nil, message: "must not be null")
        case .typeMismatch(let type, let context):
            self.init(field: Self.path(context.codingPath), value: nil, message: "must be \(Self.name(of: type))")
        case .dataCorrupted(let context):
            self.init(field: Self.path(context.codingPath), value: nil, message: context.debugDescription)
        @unknown default:
            self.init(field: "body", value: nil, message: "cannot be read")
        }
    }

    /// Returns a path such as `operations[2].schedule.task.cpu`, or `body` for the whole body.
    private static func path(_ keys: [any CodingKey]) -> String {
        let path = keys.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path.isEmpty ? "body" : path
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any Numeric.Type: "a number"
        case is any Collection<Any>.Type: "an array"
        default: "\(type)".contains("Array") ? "an array" : "an object"
        }
    }
}
