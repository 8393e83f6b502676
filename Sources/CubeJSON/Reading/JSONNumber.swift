/// A number as it was written; nothing is lost before somebody asks for an integer.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The text, by the grammar of RFC 8259.
    package let text: String

    /// The text, shortened for a message.
    package var description: String { text.count > 30 ? text.prefix(30) + "…" : text }

    /// This number times a power of ten, exactly; `nil` where that is not whole or does not fit.
    ///
    /// `0.25` times ten to the third is 250: no floating point comes near it.
    package func integer(timesTenTo power: Int = 0) -> Int? {
        var digits: [UInt8] = []
        var exponent = power
        var isNegative = false
        var isFraction = false
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent += Self.saturated(rest)
                rest = rest[rest.endIndex...]
            default:
                digits.append(byte - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            }
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { return 0 }
        guard (0...18).contains(exponent) else { return nil }

        var result = 0
        for digit in digits + repeatElement(0, count: exponent) {
            let (product, isTooLarge) = result.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.subtractingReportingOverflow(Int(digit))  // Negative numbers reach further.
            if isTooLarge || overflows { return nil }
            result = sum
        }
        if isNegative { return result }
        return result == .min ? nil : -result
    }

    /// The value of an exponent, cut where it decides nothing any more.
    private static func saturated(_ exponent: Substring.UTF8View) -> Int {
        let limit = 1_000_000_000_000  // More than any text has digits, and far from the ends of Int.
        var value = 0
        for byte in exponent where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            value = min(limit, value * 10 + Int(byte - UInt8(ascii: "0")))
        }
        return exponent.first == UInt8(ascii: "-") ? -value : value
    }
}
