import CubeTypes

/// A time as engines write it: RFC 3339 with up to nine digits of a second and any offset. Output is ordered by it.
struct EngineTime: Comparable, Sendable {
    /// Nanoseconds since 1970, UTC.
    let nanoseconds: Int64

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Parses a time.
    init?(_ text: some StringProtocol) {
        // The fraction is parsed separately, because `Timestamp` has milliseconds.
        let body = text.utf8
        guard let second = body.dropFirst(17).firstIndex(where: { !(48...57).contains($0) }) else { return nil }
        var rest = body[second...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            var digits = 0
            while let digit = rest.first, (48...57).contains(digit) {
                if digits < 9 { fraction = fraction * 10 + Int64(digit - 48) }
                digits += 1
                rest = rest.dropFirst()
            }
            for _ in min(digits, 9)..<9 { fraction *= 10 }
        }
        let whole = String(decoding: Array(body[..<second]) + Array(rest), as: UTF8.self)
        guard let time = Timestamp(whole) else { return nil }
        nanoseconds = time.milliseconds * 1_000_000 + fraction
    }

    static func < (left: EngineTime, right: EngineTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time as a parameter of a request: seconds and nanoseconds since 1970.
    var parameter: String {
        let fraction = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
        return "\(nanoseconds / 1_000_000_000).\(fraction)"
    }
}
