public import CubeErrors

/// A string that was checked once, when it was made.
///
/// What a person or another program gave is checked by `init(rawValue:)` or ``init(checking:field:)``. A name that stands in the
/// program itself is written as a string literal: `let name: WorkloadName = "web"`.
///
/// - Since: 0.1
public protocol Identifier: RawRepresentable, Codable, CodingKeyRepresentable, Hashable, Comparable, Sendable,
    ExpressibleByStringLiteral,
    CustomStringConvertible
where RawValue == String {
    /// The rule, as a message says it: `must match …`.
    static var rule: String { get }
    init?(rawValue: String)
}

extension Identifier {
    /// - Throws: `validation_failed` with the value and the rule.
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

    /// Checks a literal of the program; one that breaks the rule is a mistake of the program, and ends it.
    public init(stringLiteral value: String) {
        guard let identifier = Self(rawValue: value) else {
            preconditionFailure("\"\(value)\" is no \(Self.self): it \(Self.rule)")
        }
        self = identifier
    }

    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

private struct IdentifierKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The rule of owners, workloads and nodes: a DNS label.
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
