public import CubeErrors

/// A string that is validated once, when it is created.
///
/// Use `init(rawValue:)` or ``init(checking:field:)`` for a value from a person or from another program. A constant of the program
/// is written as a string literal: `let name: WorkloadName = "web"`.
///
/// - Since: 0.1
public protocol Identifier: RawRepresentable, Codable, CodingKeyRepresentable, Hashable, Comparable, Sendable,
    ExpressibleByStringLiteral,
    CustomStringConvertible
where RawValue == String {
    /// The rule for the string, worded for a message: `must match …`.
    static var rule: String { get }
    init?(rawValue: String)
}

extension Identifier {
    /// Validates a value.
    ///
    /// - Throws: `validation_failed` with the field, the value and the rule.
    public init(checking value: String, field: String = "\(Self.self)") throws(APIError) {
        guard let identifier = Self(rawValue: value) else {
            throw .invalid([ValidationError(field: field, value: "\"\(value.prefix(80))\"", message: Self.rule)])
        }
        self = identifier
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(String.self)
        guard let identifier = Self(rawValue: value) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(value.prefix(80))\" \(Self.rule)")
        }
        self = identifier
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public init?(codingKey: some CodingKey) { self.init(rawValue: codingKey.stringValue) }
    public var codingKey: any CodingKey { IdentifierKey(stringValue: rawValue) }

    /// Validates a string literal. A literal that breaks the rule is a programming error and traps.
    public init(stringLiteral value: String) {
        guard let identifier = Self(rawValue: value) else {
            preconditionFailure("\"\(value)\" is not a valid \(Self.self): it \(Self.rule)")
        }
        self = identifier
    }

    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    // The standard library would compare the raw values, which some types make anew each time.
    public static func != (left: Self, right: Self) -> Bool { !(left == right) }
}

private struct IdentifierKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The rule for the names of owners, workloads and nodes: a DNS label.
enum Label {
    static let rule = "must match [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
}
