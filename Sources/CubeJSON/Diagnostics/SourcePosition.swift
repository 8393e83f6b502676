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

/// The positions of byte offsets in a text.
package struct SourcePositions {
    /// In the order of the text.
    private let positions: [SourcePosition]

    /// Finds the positions in one pass over the text.
    package init(of offsets: [Int], in bytes: [UInt8]) {
        var current = SourcePosition.start
        positions = offsets.sorted().map { offset in
            for byte in bytes[current.byte..<offset] {
                if byte == UInt8(ascii: "\n") {
                    current.line += 1
                    current.column = 1
                } else if byte & 0xC0 != 0x80 {  // Continuation bytes have no column of their own.
                    current.column += 1
                }
            }
            current.byte = offset
            return current
        }
    }

    /// The position of one of the offsets.
    package subscript(offset: Int) -> SourcePosition {
        var (low, high) = (0, positions.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if positions[middle].byte <= offset { low = middle } else { high = middle }
        }
        precondition(positions[low].byte == offset, "the offset is one of those that were given")
        return positions[low]
    }
}
