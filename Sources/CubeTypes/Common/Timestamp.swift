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

    public var description: String {
        // From 1970 to 9999.
        guard (0..<253_402_300_800_000).contains(milliseconds) else { return distantDescription }
        let (day, millisecond) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        let date = Self.date(ofDay: day)
        return String(unsafeUninitializedCapacity: 24) { text in
            var count = 0
            func write(_ number: Int64, digits: Int, then mark: Unicode.Scalar) {
                var rest = number
                for position in (count..<count + digits).reversed() {
                    text.initializeElement(at: position, to: UInt8(ascii: "0") + UInt8(rest % 10))
                    rest /= 10
                }
                text.initializeElement(at: count + digits, to: UInt8(ascii: mark))
                count += digits + 1
            }
            write(date.year, digits: 4, then: "-")
            write(date.month, digits: 2, then: "-")
            write(date.day, digits: 2, then: "T")
            write(millisecond / 3_600_000, digits: 2, then: ":")
            write(millisecond / 60_000 % 60, digits: 2, then: ":")
            write(millisecond / 1000 % 60, digits: 2, then: ".")
            write(millisecond % 1000, digits: 3, then: "Z")
            return count
        }
    }

    /// Returns the date of a day since 1970 in the Gregorian calendar. Within the calculation, a year begins in March, so that a leap
    /// day is its last day. Source: Howard Hinnant, `civil_from_days`.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Eras of 400 years, from the first of March of the year 0.
        let (era, dayOfEra) = (day + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (400 * era + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// Returns the time of a text that has the form of ``description``; `nil` for any other text.
    private static func milliseconds(of text: String) -> Int64? {
        var text = text
        return text.withUTF8 { text in
            guard text.count == 24 else { return nil }
            var isValid = true
            func number(at place: Int, digits: Int, before mark: Unicode.Scalar) -> Int64 {
                var number: Int64 = 0
                for position in place..<place + digits {
                    let digit = text[position] &- UInt8(ascii: "0")
                    if digit > 9 { isValid = false }
                    number = number &* 10 &+ Int64(digit)
                }
                if text[place + digits] != UInt8(ascii: mark) { isValid = false }
                return number
            }
            let year = number(at: 0, digits: 4, before: "-")
            let month = number(at: 5, digits: 2, before: "-")
            let day = number(at: 8, digits: 2, before: "T")
            let hour = number(at: 11, digits: 2, before: ":")
            let minute = number(at: 14, digits: 2, before: ":")
            let second = number(at: 17, digits: 2, before: ".")
            let millisecond = number(at: 20, digits: 3, before: "Z")
            guard isValid, year >= 1970, (1...12).contains(month), hour < 24, minute < 60, second < 60 else {
                return nil
            }
            let days = Self.day(ofYear: year, month: month, day: day)
            // A day that the month does not have is the day of another date.
            guard Self.date(ofDay: days) == (year, month, day) else { return nil }
            return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond
        }
    }

    /// Returns the day since 1970 of a date in the Gregorian calendar. Source: Howard Hinnant, `days_from_civil`.
    private static func day(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = yearFromMarch.quotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The text of a time before 1970 or after 9999, from Foundation.
    ///
    /// Seconds and milliseconds are formatted separately: a `Date` is a floating-point number, and its own format style truncates
    /// fractions that it cannot represent exactly.
    private var distantDescription: String {
        let (seconds, thousandths) = (milliseconds / 1000, milliseconds % 1000)
        let whole = thousandths < 0 ? seconds - 1 : seconds
        let fraction = String(1000 + (thousandths < 0 ? thousandths + 1000 : thousandths)).dropFirst()
        return "\(Date(timeIntervalSince1970: Double(whole)).formatted(.iso8601).dropLast()).\(fraction)Z"
    }

    /// Parses an RFC 3339 time with or without fractional seconds.
    public init?(_ text: String) {
        if let milliseconds = Self.milliseconds(of: text) {
            self.init(milliseconds: milliseconds)
            return
        }
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
