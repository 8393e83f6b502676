/// A set of the positions of nodes, 64 in a word.
///
/// The standard set of bits does not give access to its words, with which a search skips 64 nodes at a time.
struct NodeSet: Sendable {
    private(set) var words: [UInt64]

    /// Creates an empty set for a number of nodes.
    init(nodes: Int) { words = Array(repeating: 0, count: (nodes + 63) / 64) }

    /// Creates the set of the nodes that meet a condition.
    init(of nodes: some Collection<NodeTraits>, where isMember: (NodeTraits) -> Bool) {
        self.init(nodes: nodes.count)
        for (position, node) in nodes.enumerated() where isMember(node) { insert(position) }
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    mutating func insert(_ position: Int) { words[position >> 6] |= 1 << UInt64(position & 63) }

    mutating func remove(_ position: Int) { words[position >> 6] &= ~(1 << UInt64(position & 63)) }

    mutating func formIntersection(_ other: NodeSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: NodeSet) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// Adds the members of a part that are in another set.
    mutating func insert(_ part: Part, in other: NodeSet) {
        for (offset, word) in part.words.enumerated() {
            words[part.first + offset] |= word & other.words[part.first + offset]
        }
    }

    func intersection(_ other: NodeSet) -> NodeSet {
        var result = self
        result.formIntersection(other)
        return result
    }

    /// The members of a set without the empty words before and after them.
    struct Part: Sendable {
        let first: Int
        let words: [UInt64]

        /// - Parameter positions: the members, in ascending order.
        init(_ positions: [Int]) {
            first = (positions.first ?? 0) >> 6
            var words = Array(repeating: UInt64(0), count: ((positions.last ?? 0) >> 6) - first + 1)
            for position in positions { words[(position >> 6) - first] |= 1 << UInt64(position & 63) }
            self.words = words
        }
    }
}
