/// A field of an invalid input.
///
/// - Since: 0.1
public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the field, such as `task.definition.cpu`.
    public var field: String
    /// The given value, shortened; `nil` if it is missing or secret.
    public var value: String?
    /// The rule that it breaks, such as `is below 0`.
    public var message: String

    public init(field: String, value: String?, message: String) {
        self.field = field
        self.value = value
        self.message = message
    }

    public var description: String { [field + ":", value, message].compactMap { $0 }.joined(separator: " ") }
}

extension ValidationError: Codable {
    enum CodingKeys: String, CodingKey { case field, value, message }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            field: try container.decode(String.self, forKey: .field),
            value: try container.readTextIfPresent(forKey: .value),
            message: try container.decode(String.self, forKey: .message))
    }
}
