import FoundationEssentials

/// A wall-clock time in milliseconds since 1970, UTC. On the wire it is RFC 3339, such as `2026-01-02T03:04:05.678Z`.
///
/// - Since: 0.1
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970, UTC; negative for earlier times.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    public static func + (moment: Timestamp, span: Duration) -> Timestamp {
        Timestamp(milliseconds: moment.milliseconds + span.milliseconds)
    }

    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(later.milliseconds - earlier.milliseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Formats seconds and milliseconds separately: a `Date` is a floating-point number, and its own format style truncates
    /// fractions that it cannot represent exactly.
    public var description: String {
        let (seconds, thousandths) = (milliseconds / 1000, milliseconds % 1000)
        let whole = thousandths < 0 ? seconds - 1 : seconds
        let fraction = String(1000 + (thousandths < 0 ? thousandths + 1000 : thousandths)).dropFirst()
        return "\(Date(timeIntervalSince1970: Double(whole)).formatted(.iso8601).dropLast()).\(fraction)Z"
    }

    /// Parses an RFC 3339 time with or without fractional seconds.
    public init?(_ text: String) {
        // Each strategy rejects the form that the other one accepts.
        let parsed = (try? Date(text, strategy: Self.style)) ?? (try? Date(text, strategy: .iso8601))
        guard let parsed else { return nil }
        self.init(milliseconds: Int64((parsed.timeIntervalSince1970 * 1000).rounded()))
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text.prefix(80))\" must be a time as in RFC 3339")
        }
        self = moment
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
