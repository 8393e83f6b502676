/// The layout of JSON that people may read. It is that of `jq`: one item per line, indented by two spaces for each level, and `[]` for
/// an empty array.
package enum JSONLayout {
    /// Formats a JSON text with indentation. Characters that control a terminal or are invisible are escaped.
    ///
    /// - Parameter compact: a complete JSON text, such as the output of an encoder.
    package static func indented(_ compact: [UInt8]) -> [UInt8] { Writer(of: compact, isIndented: true).escaped }

    /// Returns a JSON text unchanged, except that characters that control a terminal or are invisible are escaped.
    package static func line(_ compact: [UInt8]) -> [UInt8] { Writer(of: compact, isIndented: false).escaped }

    private struct Writer {
        private let isIndented: Bool
        private var output: [UInt8] = []
        private var level = 0
        /// Whether the last token is an opening bracket.
        private var isOpen = false

        init(of text: [UInt8], isIndented: Bool) {
            self.isIndented = isIndented
            output.reserveCapacity(isIndented ? 2 * text.count : text.count)
            var position = 0
            while position < text.count {
                if text[position] == UInt8(ascii: "\"") {
                    let end = Self.endOfString(at: position, in: text)
                    beginItem()
                    output.append(contentsOf: text[position..<end])
                    position = end
                } else {
                    take(text[position])
                    position += 1
                }
            }
        }

        /// Returns the position after the string that begins at a position.
        private static func endOfString(at start: Int, in text: [UInt8]) -> Int {
            var position = start + 1
            while position < text.count, text[position] != UInt8(ascii: "\"") {
                position += text[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            return min(position + 1, text.count)
        }

        /// Appends a byte that is not part of a string.
        private mutating func take(_ byte: UInt8) {
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
                output.append(byte)
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
