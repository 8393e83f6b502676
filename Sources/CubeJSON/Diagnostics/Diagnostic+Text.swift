extension Diagnostic {
    /// What a person reads: `file:3:3: error: summary; detail`, then the line with a marker under the place.
    ///
    /// - Parameter source: The bytes of the file; without them there is no line to show.
    package func text(source: [UInt8]?) -> String {
        let message = detail.isEmpty ? summary : "\(summary); \(detail)"
        let head = "\(range.filename):\(range.start.line):\(range.start.column): \(severity.rawValue): \(message)\n"
        guard let source, range.start.byte <= source.count else { return head }
        return head + excerpt(of: source)
    }

    /// The line, cut to what fits beside the place, and the marker.
    private func excerpt(of source: [UInt8]) -> String {
        let width = 100
        // What a person cannot see on a screen need not be decoded: a scalar has at most four bytes.
        let before = source[..<range.start.byte].suffix(4 * width).split(
            separator: 0x0A, omittingEmptySubsequences: false
        ).last
        let after = source[range.start.byte...].prefix(4 * width).split(
            separator: 0x0A, omittingEmptySubsequences: false
        ).first
        let left = Self.visible(before ?? [])
        let right = Self.visible(after ?? [])

        if left.isEmpty && right.isEmpty { return "" }

        let isCutLeft = range.start.column - 1 > width / 2
        let shownLeft = isCutLeft ? ["…"] + left.suffix(width / 2) : left
        let room = width - shownLeft.count
        let shownRight = right.count > room ? right.prefix(room) + ["…"] : right[...]

        let length = range.end.line == range.start.line ? range.end.column - range.start.column : right.count
        let marker = String(repeating: "^", count: max(1, min(length, shownRight.count)))
        return "    \(Self.text(shownLeft))\(Self.text(shownRight))\n    "
            + String(repeating: " ", count: shownLeft.count) + marker + "\n"
    }

    private static func visible(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
        var line = bytes
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar in
            scalar == "\t" ? " " : scalar.isHarmless ? scalar : "\u{FFFD}"
        }
    }

    private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }
}
