/// The layout of JSON that people may read. It is that of `jq`: one item per line, indented by two spaces for each level, and `[]` for
/// an empty array.
package enum JSONLayout {
    /// Formats a JSON text with indentation. Characters that control a terminal or are invisible are escaped.
    ///
    /// - Parameter compact: a complete JSON text, such as the output of an encoder.
    package static func indented(_ compact: some Sequence<UInt8>) -> [UInt8] {
        var writer = Writer(isIndented: true)
        for byte in compact { writer.take(byte) }
        return writer.escaped
    }

    /// Returns a JSON text unchanged, except that characters that control a terminal or are invisible are escaped.
    package static func line(_ compact: some Sequence<UInt8>) -> [UInt8] {
        var writer = Writer(isIndented: false)
        for byte in compact { writer.take(byte) }
        return writer.escaped
    }

    private struct Writer {
        let isIndented: Bool
        private var output: [UInt8] = []
        private var level = 0
        private var isInString = false
        private var isEscaped = false
        /// Whether the last token is an opening bracket.
        private var isOpen = false

        init(isIndented: Bool) { self.isIndented = isIndented }

        mutating func take(_ byte: UInt8) {
            if isInString { return takeInString(byte) }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): return
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                beginItem()
                output.append(byte)
                level += 1
                isOpen = true
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                level -= 1
                if !isOpen { breakLine() }
                isOpen = false
                output.append(byte)
            case UInt8(ascii: ","):
                output.append(byte)
                breakLine()
            case UInt8(ascii: ":"):
                output.append(byte)
                if isIndented { output.append(UInt8(ascii: " ")) }
            default:
                beginItem()
                isInString = byte == UInt8(ascii: "\"")
                output.append(byte)
            }
        }

        private mutating func takeInString(_ byte: UInt8) {
            output.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
        }

        private mutating func beginItem() {
            if isOpen { breakLine() }
            isOpen = false
        }

        private mutating func breakLine() {
            guard isIndented else { return }
            output.append(UInt8(ascii: "\n"))
            output += repeatElement(UInt8(ascii: " "), count: 2 * level)
        }

        /// The output, with UTF-16 escapes for the scalars that are not harmless. They occur only in strings.
        var escaped: [UInt8] {
            guard output.contains(where: { $0 >= 0x7F }) else { return output }
            var escaped: [UInt8] = []
            escaped.reserveCapacity(output.count)
            for scalar in String(decoding: output, as: UTF8.self).unicodeScalars {
                if scalar == "\n" || scalar.isHarmless {
                    escaped += UTF8.encode(scalar)!
                } else {
                    for unit in UTF16.encode(scalar)! {
                        let digits = String(unit, radix: 16)
                        escaped += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
                    }
                }
            }
            return escaped
        }
    }
}
