/// A place in a text: line and column from 1, the column in Unicode scalars, the byte from 0.
package struct SourcePosition: Codable, Hashable, Sendable {
    package var line: Int
    package var column: Int
    package var byte: Int

    package init(line: Int, column: Int, byte: Int) {
        self.line = line
        self.column = column
        self.byte = byte
    }

    /// The beginning of a text.
    package static let start = SourcePosition(line: 1, column: 1, byte: 0)
}

/// From a place of a file up to, and not including, another.
package struct SourceRange: Codable, Hashable, Sendable {
    package var filename: String
    package var start: SourcePosition
    package var end: SourcePosition

    package init(filename: String, start: SourcePosition, end: SourcePosition) {
        self.filename = filename
        self.start = start
        self.end = end
    }

    /// The file as a whole, for what has no place in it.
    package init(filename: String) { self.init(filename: filename, start: .start, end: .start) }
}
