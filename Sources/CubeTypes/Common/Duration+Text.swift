extension Duration {
    /// Whole milliseconds, rounded towards zero; saturates at the ends of `Int64`.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : whole + attoseconds / 1_000_000_000_000_000
    }

    /// The text of manifests and of the wire: a whole number and its unit, the largest that leaves no rest: `500ms`, `90s`, `10m`.
    package var text: String {
        let milliseconds = milliseconds
        if milliseconds == 0 { return "0s" }
        for (factor, unit) in [(Int64(3_600_000), "h"), (60_000, "m"), (1000, "s")] where milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    /// Reads a whole number of at most 12 digits and one of the units `ms`, `s`, `m`, `h`.
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

/// A `Duration` that stands on the wire as its text.
struct DurationText: Codable {
    var duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let duration = Duration(text: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text.prefix(80))\" must be a whole number and ms, s, m or h")
        }
        self.duration = duration
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(duration.text)
    }
}
