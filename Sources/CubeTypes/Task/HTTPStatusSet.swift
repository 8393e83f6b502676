/// The HTTP response statuses that pass a check, such as `200-399` or `200,204,301-308`.
///
/// - Since: 0.1
public struct HTTPStatusSet: Hashable, Sendable {
    /// Sorted ranges that neither overlap nor adjoin.
    private let ranges: [ClosedRange<Int>]

    /// 200 to 399.
    public static let standard = HTTPStatusSet([200...399])

    /// The rule for the text of a set, worded for a message.
    package static let rule = "must be statuses from 100 to 599, such as \"200\", \"200-399\" or \"200,301-308\""

    private init(_ ranges: [ClosedRange<Int>]) {
        var merged: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...Swift.max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Parses statuses and ranges of statuses, separated by commas.
    public init?(_ text: String) {
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Self.status($0) }
            guard (1...2).contains(bounds.count), let lower = bounds[0], let upper = bounds[bounds.count - 1],
                lower <= upper
            else { return nil }
            ranges.append(lower...upper)
        }
        self.init(ranges)
    }

    private static func status(_ text: Substring) -> Int? {
        let digits = text.drop { $0 == " " }
        guard digits.count == 3, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let status = Int(digits),
            (100...599).contains(status)
        else { return nil }
        return status
    }

    /// Whether a response with this status passes.
    public func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }
}

extension HTTPStatusSet: CustomStringConvertible {
    /// The text of a manifest, in one normalised form for each set.
    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}

extension HTTPStatusSet: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let set = HTTPStatusSet(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text.prefix(80))\" \(Self.rule)")
        }
        self = set
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
