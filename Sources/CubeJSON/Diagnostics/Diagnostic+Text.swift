extension Diagnostic {
    /// What is wrong, and what to do about it, without the place.
    package var message: String { detail.isEmpty ? summary : "\(summary); \(detail)" }

    /// What a person reads: `file:3:3: error: summary; detail`, and below it the line and a marker under the place.
    ///
    /// - Parameter source: The bytes of the file; without them there is no line to show.
    package func text(source: [UInt8]?) -> String {
        let place = "\(range.filename.harmless):\(range.start.line):\(range.start.column)"
        let excerpt = source.map(excerpt) ?? []
        return (["\(place): \(severity.rawValue): \(message.harmless)"] + excerpt.map { "    " + $0 }).joined(
            separator: "\n")
    }

    /// The line, cut to what fits beside the place, and the marker; nothing where the line is empty.
    private func excerpt(of source: [UInt8]) -> [String] {
        guard range.start.byte <= source.count else { return [] }
        let width = 100
        let lineEnd = UInt8(ascii: "\n")
        // What a screen has no room for need not be decoded: a scalar has at most four bytes.
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

    /// Scalars of a line as a terminal may show them, one for one.
    private static func visible(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
        let line = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        return String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar in
            scalar == "\t" ? " " : scalar.isHarmless ? scalar : "\u{FFFD}"
        }
    }
}
