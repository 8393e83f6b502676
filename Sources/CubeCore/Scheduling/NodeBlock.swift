import HashTreeCollections
import CubeTypes

/// Up to 64 nodes, with bounds that let a search skip all of them.
struct NodeBlock: Equatable, Sendable {
    private(set) var figures: [NodeFigures] = []
    private(set) var ports: [TreeSet<HostPort>] = []
    /// The nodes that accept tasks, by their bits.
    private(set) var open: UInt64 = 0
    private(set) var bounds = Bounds()

    /// The number of nodes of a full block, which is a word of a ``NodeSet``.
    static let size = UInt64.bitWidth

    mutating func append(_ figures: NodeFigures, _ use: NodeUse, isOpen: Bool) {
        self.figures.append(figures)
        ports.append(use.ports)
        if isOpen { open |= 1 << UInt64(self.figures.count - 1) }
    }

    func use(at index: Int) -> NodeUse {
        NodeUse(reserved: figures[index].reserved, ports: ports[index], tasks: figures[index].tasks)
    }

    mutating func set(_ use: NodeUse, isOpen: Bool, at index: Int) {
        figures[index] = NodeFigures(figures[index].capacity, use, rank: figures[index].rank)
        ports[index] = use.ports
        if isOpen { open |= 1 << UInt64(index) } else { open &= ~(1 << UInt64(index)) }
        updateBounds()
    }

    mutating func updateBounds() {
        bounds = Bounds()
        var word = open
        while word != 0 {
            bounds.include(figures[word.trailingZeroBitCount])
            word &= word - 1
        }
    }
}

extension NodeBlock {
    /// The least and the most that any open node of a block has.
    struct Bounds: Equatable, Sendable {
        private(set) var mostFree = ResourceSpec(millicores: .min, memory: .min, disk: .min)
        private(set) var leastTasks = Int.max
        private(set) var mostTasks = 0
        private(set) var leastRank = Int.max
        private var leastReserved = ResourceSpec(millicores: .max, memory: .max, disk: .max)
        private var mostCapacity = ResourceSpec.zero
        private var leastLoad = Int.max

        fileprivate mutating func include(_ node: NodeFigures) {
            mostFree = node.free.pointwiseMax(mostFree)
            leastTasks = min(leastTasks, node.tasks)
            mostTasks = max(mostTasks, node.tasks)
            leastRank = min(leastRank, node.rank)
            // A resource that a node does not have is no load on it, whatever is reserved.
            let counted = ResourceSpec(
                millicores: node.capacity.millicores == 0 ? 0 : node.reserved.millicores,
                memory: node.capacity.memory == 0 ? 0 : node.reserved.memory,
                disk: node.capacity.disk == 0 ? 0 : node.reserved.disk)
            leastReserved = counted.pointwiseMin(leastReserved)
            mostCapacity = node.capacity.pointwiseMax(mostCapacity)
            leastLoad = min(leastLoad, node.load)
        }

        /// A load that no node of the block is below after a task is placed.
        ///
        /// As nodes are arranged by size, most blocks have nodes of one size. Then the least of each resource is the better bound;
        /// otherwise, the least load now.
        func leastLoad(with demand: ResourceSpec) -> Int {
            max(leastLoad, NodeFigures.load(leastReserved + demand, of: mostCapacity))
        }
    }
}
