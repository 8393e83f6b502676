extension Duration {
    /// The duration in whole milliseconds, rounded towards zero and clamped to the range of `Int64`.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : whole + attoseconds / 1_000_000_000_000_000
    }

    /// The text for manifests and the wire: a whole number with the largest unit that represents the duration exactly, such as
    /// `500ms`, `90s` or `10m`.
    package var text: String {
        let milliseconds = milliseconds
        if milliseconds == 0 { return "0s" }
        for (factor, unit) in [(Int64(3_600_000), "h"), (60_000, "m"), (1000, "s")] where milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    /// Parses a whole number of at most 12 digits followed by one of the units `ms`, `s`, `m` and `h`.
    package init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...12).contains(digits.count), let number = Int64(digits) else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": self = .milliseconds(number)
        case "s": self = .milliseconds(number * 1000)
        case "m": self = .milliseconds(number * 60_000)
        case "h": self = .milliseconds(number * 3_600_000)
        default: return nil
        }
    }
}

/// A `Duration` that is encoded as its text.
package struct DurationText: Codable, Hashable, Sendable {
    package var duration: Duration

    package init(_ duration: Duration) { self.duration = duration }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let duration = Duration(text: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text.prefix(80))\" must be a whole number and ms, s, m or h")
        }
        self.duration = duration
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(duration.text)
    }
}
