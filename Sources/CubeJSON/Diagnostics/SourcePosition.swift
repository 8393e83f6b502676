/// A position in a text. Line and column count from 1, the column counts Unicode scalars, and the byte offset counts from 0.
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

extension SourcePosition {
    /// Returns the positions of byte offsets, computed in one pass over the text.
    package static func positions(of offsets: [Int], in bytes: [UInt8]) -> [Int: SourcePosition] {
        var positions: [Int: SourcePosition] = [:]
        var current = SourcePosition.start
        for offset in offsets.sorted() {
            for byte in bytes[current.byte..<offset] {
                if byte == UInt8(ascii: "\n") {
                    current.line += 1
                    current.column = 1
                } else if byte & 0xC0 != 0x80 {  // Continuation bytes have no column of their own.
                    current.column += 1
                }
            }
            current.byte = offset
            positions[offset] = current
        }
        return positions
    }
}
