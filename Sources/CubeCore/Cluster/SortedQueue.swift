/// A sorted queue of distinct elements.
///
/// The elements are in chunks of a limited size, so that a copy of the queue shares all chunks but the one that changes. An array would
/// be copied as a whole with the first change of each transaction.
package struct SortedQueue<Element: Comparable & Sendable>: Sendable {
    /// The chunks in order, none of which is empty.
    private var chunks: [[Element]] = []

    /// The number of elements at which a chunk is divided.
    private static var limit: Int { 256 }

    package init() {}

    package var first: Element? { chunks.first?.first }
    package var isEmpty: Bool { chunks.isEmpty }

    /// Inserts an element that the queue does not have.
    package mutating func insert(_ element: Element) {
        guard !chunks.isEmpty else { return chunks.append([element]) }
        let chunk = chunk(of: element) ?? 0
        chunks[chunk].insert(element, at: chunks[chunk].countOfFirst { $0 < element })
        guard chunks[chunk].count >= Self.limit else { return }
        let half = chunks[chunk].count / 2
        chunks.insert(Array(chunks[chunk][half...]), at: chunk + 1)
        chunks[chunk].removeSubrange(half...)
    }

    /// Removes an element that the queue has.
    package mutating func remove(_ element: Element) {
        let chunk = chunk(of: element)!
        chunks[chunk].remove(at: chunks[chunk].countOfFirst { $0 < element })
        if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
    }

    /// The last chunk that begins with the element or a lower one; `nil` if there is none.
    private func chunk(of element: Element) -> Int? {
        let end = chunks.countOfFirst { $0[0] <= element }
        return end == 0 ? nil : end - 1
    }
}

extension SortedQueue: Sequence {
    package func makeIterator() -> FlattenSequence<[[Element]]>.Iterator { chunks.joined().makeIterator() }
}

extension SortedQueue: Equatable {
    /// Whether the elements are the same, whatever the chunks.
    package static func == (left: SortedQueue, right: SortedQueue) -> Bool { left.elementsEqual(right) }
}
