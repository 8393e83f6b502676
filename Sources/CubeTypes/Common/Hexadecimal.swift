/// Lower-case hexadecimal digits, two for each byte.
package enum Hexadecimal {
    /// Returns the digits of bytes after a prefix in ASCII. Each manifest and each task needs several such texts, so each is written at
    /// once.
    package static func text(_ bytes: some Collection<UInt8>, after prefix: StaticString = "") -> String {
        let start = prefix.utf8CodeUnitCount
        return String(unsafeUninitializedCapacity: start + 2 * bytes.count) { text in
            _ = text.initialize(from: UnsafeBufferPointer(start: prefix.utf8Start, count: start))
            var place = start
            for byte in bytes {
                text.initializeElement(at: place, to: digit(byte >> 4))
                text.initializeElement(at: place + 1, to: digit(byte & 15))
                place += 2
            }
            return place
        }
    }

    /// Returns the text of a UUID.
    ///
    /// - Parameter bytes: its 16 bytes.
    package static func uuid(_ bytes: [UInt8]) -> String { UUIDBits(bytes).text }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// The number below 16 that a lower-case digit stands for; `nil` if it is no digit.
    static func number(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The digit for a number below 16.
    static func digit(_ number: UInt8) -> UInt8 {
        number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") - 10 + number
    }
}
