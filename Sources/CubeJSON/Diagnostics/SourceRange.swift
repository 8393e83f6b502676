/// A half-open range in a file, from a start position to an end position.
package struct SourceRange: Codable, Hashable, Sendable {
    package var filename: String
    package var start: SourcePosition
    package var end: SourcePosition

    package init(filename: String, start: SourcePosition, end: SourcePosition) {
        self.filename = filename
        self.start = start
        self.end = end
    }

    /// Creates a range for a problem that concerns the file as a whole.
    package init(filename: String) { self.init(filename: filename, start: .start, end: .start) }
}
