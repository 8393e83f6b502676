/// A text that is compared by its bytes.
///
/// Swift considers two `String`s equal if they are canonically equivalent, such as `é` as one scalar and as two. The files, keys and
/// values of users are bytes: for the programs that read them, the two spellings differ.
package struct ExactText: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func areSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && withBytes(of: left, right) { left, right in firstDifference(of: left, right) == left.count }
    }

    /// Calls a function with the bytes of two texts.
    @inline(__always)
    private static func withBytes<Result>(
        of left: String, _ right: String, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
    ) -> Result {
        // Without a copy, whose count of references would be changed, for texts that are contiguous already.
        let result = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in
                body(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
            }
        }
        if case .some(.some(let result)) = result { return result }
        var (left, right) = (left, right)
        return left.withUTF8 { left in
            right.withUTF8 { right in body(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right)) }
        }
    }

    /// Returns the first position at which two texts differ, or the length of the shorter one. Eight bytes are compared at a time.
    private static func firstDifference(of left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let count = min(left.count, right.count)
        var position = 0
        while position + 8 <= count {
            let leftWord = left.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let rightWord = right.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if leftWord != rightWord {
                return position + UInt64(littleEndian: leftWord ^ rightWord).trailingZeroBitCount / 8
            }
            position += 8
        }
        while position < count, left[position] == right[position] { position += 1 }
        return position
    }
}

extension ExactText: Hashable {
    package static func == (left: ExactText, right: ExactText) -> Bool { areSame(left.text, right.text) }

    package func hash(into hasher: inout Hasher) {
        let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
        hasher.combine(UInt8.max)  // Marks the end of the text, because this byte does not occur in UTF-8.
    }
}

extension ExactText: Comparable {
    package static func < (left: ExactText, right: ExactText) -> Bool {
        withBytes(of: left.text, right.text) { left, right in
            let position = firstDifference(of: left, right)
            guard position < min(left.count, right.count) else { return left.count < right.count }
            return left[position] < right[position]
        }
    }
}
