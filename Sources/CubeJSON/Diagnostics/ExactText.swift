/// A text that is compared by its bytes.
///
/// Swift considers two `String`s equal if they are canonically equivalent, such as `é` as one scalar and as two. The files, keys and
/// values of users are bytes: for the programs that read them, the two spellings differ.
package struct ExactText: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func areSame(_ left: String, _ right: String) -> Bool {
        // The fast comparison rejects almost all pairs that differ.
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
        hasher.combine(UInt8.max)  // Marks the end of the text, because this byte does not occur in UTF-8.
    }
}

extension ExactText: Comparable {
    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
