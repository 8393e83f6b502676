extension Diagnostic {
    /// The summary and the detail, without the location.
    package var message: String { detail.isEmpty ? summary : "\(summary); \(detail)" }

    /// Returns the text for a person: `file:3:3: error: summary; detail`, followed by the line with a marker below the location.
    ///
    /// - Parameter source: the bytes of the file; if `nil`, the line is omitted.
    package func text(source: [UInt8]?) -> String {
        let place = "\(range.filename.harmless):\(range.start.line):\(range.start.column)"
        let excerpt = source.map(excerpt) ?? []
        return (["\(place): \(severity.rawValue): \(message.harmless)"] + excerpt.map { "    " + $0 }).joined(
            separator: "\n")
    }

    /// Returns the line, shortened to the terminal width, and the marker; empty for an empty line.
    private func excerpt(of source: [UInt8]) -> [String] {
        guard range.start.byte <= source.count else { return [] }
        let width = 100
        let lineEnd = UInt8(ascii: "\n")
        // Decode only what fits on the screen: a scalar has at most four bytes.
        let before = source[..<range.start.byte].suffix(4 * width)
        let left = Self.visible(before[(before.lastIndex(of: lineEnd).map { $0 + 1 } ?? before.startIndex)...])
        let right = Self.visible(source[range.start.byte...].prefix(4 * width).prefix { $0 != lineEnd })
        if left.isEmpty && right.isEmpty { return [] }

        let shownLeft = left.count > width / 2 ? ["…"] + left.suffix(width / 2) : left
        let room = width - shownLeft.count
        let shownRight = right.count > room ? right.prefix(room) + ["…"] : right[...]

        let length = range.end.line == range.start.line ? range.end.column - range.start.column : right.count
        let marker = String(repeating: "^", count: max(1, min(length, shownRight.count)))
        return [
            String(String.UnicodeScalarView(shownLeft + shownRight)),
            String(repeating: " ", count: shownLeft.count) + marker,
        ]
    }

    /// Returns the scalars of a line, with one printable scalar for each of them.
    private static func visible(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
        let line = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        return String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar in
            scalar == "\t" ? " " : scalar.isHarmless ? scalar : "\u{FFFD}"
        }
    }
}
