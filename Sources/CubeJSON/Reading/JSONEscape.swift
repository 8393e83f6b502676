/// The escape sequences of strings.
enum JSONEscape {
    /// Returns the byte that `\` followed by a letter represents; `nil` if that is not a single-letter escape.
    static func byte(for letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// Returns the value of four hexadecimal digits.
    static func unit(in bytes: some RandomAccessCollection<UInt8>) -> UInt16? {
        let digits = bytes.prefix(4)
        guard digits.count == 4 else { return nil }
        var unit: UInt16 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }

    /// Returns the content of a valid string with all escapes resolved.
    static func resolve(_ content: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var output: [UInt8] = []
        output.reserveCapacity(content.count)
        var rest = content
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                output.append(byte)
                continue
            }
            if let plain = JSONEscape.byte(for: letter) {
                output.append(plain)
            } else if let unit = JSONEscape.unit(in: rest) {
                rest = rest.dropFirst(4)
                var units = [unit]
                if UTF16.isLeadSurrogate(unit), let second = JSONEscape.unit(in: rest.dropFirst(2)) {
                    rest = rest.dropFirst(6)
                    units.append(second)
                }
                output += String(decoding: units, as: UTF16.self).utf8
            }
        }
        return output[...]
    }
}
