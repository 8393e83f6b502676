/// A text that equals another one only where both are the same bytes.
///
/// Two `String`s are equal where Unicode takes them for the same text, such as `é` as one scalar and as two. The files, keys and
/// values of users are bytes: for a program that reads them, these are two.
package struct ExactText: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func areSame(_ left: String, _ right: String) -> Bool {
        // The fast comparison rejects almost every pair that differs.
        left == right && left.utf8.elementsEqual(right.utf8)
    }
}

extension ExactText: Hashable {
    package static func == (left: ExactText, right: ExactText) -> Bool { areSame(left.text, right.text) }

    package func hash(into hasher: inout Hasher) {
        let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
        hasher.combine(UInt8.max)  // No byte of UTF-8: where the text ends.
    }
}

extension ExactText: Comparable {
    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
