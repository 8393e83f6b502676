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
