/// A problem before its place is known in lines and columns, which are counted only for what is shown.
package struct Problem: Error, Hashable, Sendable {
    package var reason: Diagnostic.Reason
    package var summary: String
    package var detail: String
    /// Where it is, in bytes.
    package var range: Range<Int>
    /// Where the thing stands, in bytes, that this one repeats.
    package var first: Int?

    package init(
        _ reason: Diagnostic.Reason, _ summary: String, detail: String = "", at range: Range<Int>, first: Int? = nil
    ) {
        self.reason = reason
        self.summary = summary
        self.detail = detail
        self.range = range
        self.first = first
    }

    /// How many problems of one file are shown.
    package static let maximumShown = 100

    /// The diagnostics of a file's problems, in the order of their places, at most ``maximumShown`` and one that says so.
    package static func diagnostics(of problems: [Problem], in bytes: [UInt8], filename: String) -> [Diagnostic] {
        let sorted = problems.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        let shown = sorted.prefix(maximumShown)
        let offsets = shown.flatMap { [$0.range.lowerBound, $0.range.upperBound] + ($0.first.map { [$0] } ?? []) }
        let positions = SourcePosition.positions(of: offsets, in: bytes)
        var diagnostics = shown.map { problem in
            Diagnostic(
                reason: problem.reason, summary: problem.summary,
                detail: problem.first.map { "it stands first in line \(positions[$0]!.line)" } ?? problem.detail,
                range: SourceRange(
                    filename: filename, start: positions[problem.range.lowerBound]!,
                    end: positions[problem.range.upperBound]!))
        }
        if sorted.count > shown.count, let last = diagnostics.last {
            diagnostics.append(
                Diagnostic(
                    reason: .tooMany, summary: "\(sorted.count - shown.count) more problems are not shown",
                    range: last.range))
        }
        return diagnostics
    }
}

extension SourcePosition {
    /// The lines and columns of these bytes, in one sweep over the text.
    package static func positions(of offsets: [Int], in bytes: [UInt8]) -> [Int: SourcePosition] {
        var positions: [Int: SourcePosition] = [:]
        var current = SourcePosition.start
        for offset in offsets.sorted() {
            for byte in bytes[current.byte..<offset] {
                if byte == UInt8(ascii: "\n") {
                    current.line += 1
                    current.column = 1
                } else if byte & 0xC0 != 0x80 {  // Bytes that continue a scalar have no column of their own.
                    current.column += 1
                }
            }
            current.byte = offset
            positions[offset] = current
        }
        return positions
    }
}
