/// A number as it was written. Its exact value is kept until it is converted to an integer.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The text, which follows the grammar of RFC 8259.
    package let text: String

    /// The text, shortened for a message.
    package var description: String { text.count > 30 ? text.prefix(30) + "…" : text }

    /// Returns the exact number times a power of ten; `nil` if the result is not a whole number or does not fit.
    ///
    /// `0.25` times ten to the third power is 250. No floating-point arithmetic is involved.
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
            // Subtraction, because the range of negative numbers is larger.
            let (sum, overflows) = product.subtractingReportingOverflow(Int(digit))
            if isTooLarge || overflows { return nil }
            result = sum
        }
        if isNegative { return result }
        return result == .min ? nil : -result
    }

    /// Returns the value of an exponent, limited to a range in which larger values make no difference.
    private static func saturated(_ exponent: Substring.UTF8View) -> Int {
        let limit = 1_000_000_000_000  // Larger than the number of digits in any text, and far from overflow.
        var value = 0
        for byte in exponent where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            value = min(limit, value * 10 + Int(byte - UInt8(ascii: "0")))
        }
        return exponent.first == UInt8(ascii: "-") ? -value : value
    }
}
