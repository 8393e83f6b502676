import HashTreeCollections
package import CubeTypes

/// The nodes of a cluster and what is placed on them, arranged so that the best node for a task is found without a look at each.
///
/// Nodes are arranged by size, and divided into blocks of 64. A search skips a block if none of its nodes has room, or if the bounds of
/// the block show that none can be better than the best node so far. What a task requires of a node, whatever runs on it, is looked up
/// once for all tasks that require the same.
///
/// The index decides exactly as ``Scheduler`` does, which looks at all nodes. If no node can run a task, the scheduler is asked for the
/// reason.
package struct PlacementIndex: Equatable, Sendable {
    /// The nodes by size. The index of a node in this list is its position.
    private var nodes: [IndexedNode] = []
    /// The positions of the nodes by name.
    private var positions: [Int] = []
    private var blocks: [NodeBlock] = []
    /// The numbers of placed tasks of a workload, by node.
    private var siblings: TreeDictionary<WorkloadKey, TreeDictionary<NodeName, Int>> = [:]
    /// The numbers of placed tasks that use the network of a task of the workload, by node.
    private var networkUsers: TreeDictionary<WorkloadKey, TreeDictionary<NodeName, Int>> = [:]
    private var memory = PlacementMemory()

    private struct IndexedNode: Equatable, Sendable {
        var traits: NodeTraits
        /// `ready` if the node accepts tasks; otherwise, the reason why it does not.
        var state: WorkerState

        /// Whether the node is smaller than another one, or has the same size and a name that is before.
        func isArranged(before other: IndexedNode) -> Bool {
            let (left, right) = (traits.capacity, other.traits.capacity)
            guard left == right else {
                return (left.millicores, left.memory, left.disk) < (right.millicores, right.memory, right.disk)
            }
            return traits.name < other.traits.name
        }
    }

    package init() {}

    /// Creates an index of nodes. If a name occurs twice, the last node counts.
    package init(_ nodes: [(traits: NodeTraits, state: WorkerState, use: NodeUse)]) {
        let unique = Dictionary(nodes.map { ($0.traits.name, $0) }) { _, last in last }
        self.nodes = unique.values.map { IndexedNode(traits: $0.traits, state: $0.state) }
            .sorted { $0.isArranged(before: $1) }
        positions = self.nodes.indices.sorted { [nodes = self.nodes] in nodes[$0].traits.name < nodes[$1].traits.name }
        makeBlocks(self.nodes.map { unique[$0.traits.name]?.use ?? NodeUse() })
    }

    package static func == (left: PlacementIndex, right: PlacementIndex) -> Bool {
        left.nodes == right.nodes && left.blocks == right.blocks && left.siblings == right.siblings
            && left.networkUsers == right.networkUsers
    }
}

// MARK: - Keeping it

extension PlacementIndex {
    /// Adds a node, or replaces what is known about it.
    ///
    /// - Parameter state: `ready` if the node accepts tasks; otherwise, the reason why it does not.
    package mutating func set(_ traits: NodeTraits, state: WorkerState, use: NodeUse) {
        if let position = position(of: traits.name), nodes[position].traits.capacity == traits.capacity {
            if nodes[position].traits != traits {
                nodes[position].traits = traits
                memory = PlacementMemory()
            }
            if nodes[position].state != state { nodes[position].state = state }
            return blocks[position / NodeBlock.size].set(
                use, isOpen: state == .ready, at: position % NodeBlock.size)
        }
        var uses = takeOut(traits.name)
        let node = IndexedNode(traits: traits, state: state)
        let position = nodes.countOfFirst { $0.isArranged(before: node) }
        let rank = rank(of: traits.name)
        nodes.insert(node, at: position)
        uses.insert(use, at: position)
        positions = positions.map { $0 < position ? $0 : $0 + 1 }
        positions.insert(position, at: rank)
        makeBlocks(uses)
    }

    package mutating func remove(_ name: NodeName) {
        if position(of: name) != nil { makeBlocks(takeOut(name)) }
    }

    /// Removes a node from the lists, if it is there. Returns what the tasks of the others use.
    private mutating func takeOut(_ name: NodeName) -> [NodeUse] {
        var uses = nodes.indices.map(use(at:))
        guard let position = position(of: name) else { return uses }
        positions.remove(at: rank(of: name))
        positions = positions.map { $0 < position ? $0 : $0 - 1 }
        nodes.remove(at: position)
        uses.remove(at: position)
        return uses
    }

    /// Changes whether a node accepts tasks. Nothing happens if the node is unknown.
    package mutating func set(_ state: WorkerState, of name: NodeName) {
        guard let position = position(of: name) else { return }
        if nodes[position].state != state { nodes[position].state = state }
        blocks[position / NodeBlock.size].set(
            use(at: position), isOpen: state == .ready, at: position % NodeBlock.size)
    }

    /// Sets what the placed tasks of a node use. Nothing happens if the node is unknown.
    package mutating func set(_ use: NodeUse, of name: NodeName) {
        guard let position = position(of: name) else { return }
        blocks[position / NodeBlock.size].set(
            use, isOpen: nodes[position].state == .ready, at: position % NodeBlock.size)
    }

    /// Changes what the placed tasks of a node use. Nothing happens if the node is unknown.
    package mutating func change(_ name: NodeName, _ change: (inout NodeUse) -> Void) {
        guard let position = position(of: name) else { return }
        var use = use(at: position)
        change(&use)
        set(use, of: name)
    }

    /// Counts a task of a workload on a node.
    ///
    /// - Parameters:
    ///   - holder: the name of the workload whose network the task uses.
    ///   - step: 1 for a task that comes, and -1 for one that goes.
    package mutating func count(
        _ workload: WorkloadKey, on node: NodeName, networkOf holder: WorkloadName?, by step: Int
    ) {
        siblings.count(node, of: workload, by: step)
        memory.note(siblingsOf: workload, on: position(of: node), now: siblings[workload]?[node] ?? 0)
        if let holder {
            networkUsers.count(node, of: WorkloadKey(owner: workload.owner, name: holder), by: step)
        }
    }

    /// Returns the number of nodes whose names are before a name.
    private func rank(of name: NodeName) -> Int { positions.countOfFirst { nodes[$0].traits.name < name } }

    private func position(of name: NodeName) -> Int? {
        let rank = rank(of: name)
        return rank < positions.count && nodes[positions[rank]].traits.name == name ? positions[rank] : nil
    }

    private func use(at position: Int) -> NodeUse {
        blocks[position / NodeBlock.size].use(at: position % NodeBlock.size)
    }

    private mutating func makeBlocks(_ uses: [NodeUse]) {
        var ranks = positions
        for (rank, position) in positions.enumerated() { ranks[position] = rank }
        blocks = stride(from: 0, to: nodes.count, by: NodeBlock.size).map { start in
            var block = NodeBlock()
            for position in start..<min(start + NodeBlock.size, nodes.count) {
                let (node, use) = (nodes[position], uses[position])
                let figures = NodeFigures(node.traits.capacity, use, rank: ranks[position])
                block.append(figures, use, isOpen: node.state == .ready)
            }
            block.updateBounds()
            return block
        }
        memory = PlacementMemory()
    }
}

// MARK: - Deciding

extension PlacementIndex {
    /// Decides which node runs a task.
    ///
    /// - Parameters:
    ///   - image: the full reference of the image of the task, if nodes that have it are to be preferred.
    ///   - bound: the volumes of the demand that exist.
    ///   - neighbors: the nodes with a task whose network the task could use; if `nil`, those with a task of that name.
    package mutating func decide(
        _ demand: Demand, of workload: WorkloadKey, image: String?, bound: [VolumeRecord] = [],
        neighbors: Set<NodeName>? = nil, by scheduler: Scheduler
    ) -> Scheduler.Decision {
        let neighbors = demand.neighbor.map { neighbors ?? Set((siblings[$0] ?? [:]).keys) }
        if let position = find(demand, of: workload, image, bound, neighbors, scheduler.picking.scoring) {
            return .node(nodes[position].traits.name)
        }
        // A pending task shows why it waits, so the scheduler looks at every node.
        return scheduler.decide(
            demand, among: candidates(for: demand, of: workload, image, neighbors), besides: unavailable, bound: bound)
    }

    /// Returns the position of the best node that can run a task.
    private mutating func find(
        _ demand: Demand, of workload: WorkloadKey, _ image: String?, _ bound: [VolumeRecord],
        _ neighbors: Set<NodeName>?, _ scoring: Scoring
    ) -> Int? {
        var allowed = memory.fitting(demand, among: nodes.lazy.map(\.traits))
        if let neighbors { allowed.formIntersection(set(of: neighbors)) }
        if let volume = bound.first {
            guard bound.allSatisfy({ !$0.isRemoving && $0.node == volume.node }) else { return nil }
            allowed.formIntersection(set(of: CollectionOfOne(volume.node)))
        }
        let search = PlacementSearch(
            demand: demand, scoring: scoring,
            cost: scoring.cost(nodes: openNodes, mostTasks: blocks.reduce(0) { max($0, $1.bounds.mostTasks) }),
            images: image.map { memory.having($0, among: nodes.lazy.map(\.traits)) },
            passed: scoring.lastPassed.map { name in positions.countOfFirst { nodes[$0].traits.name <= name } }
                ?? 0)
        // A task that uses the network of this one stays where it is, and would wait in vain for a network on another node.
        if let users = networkUsers[workload] {
            let needed = allowed.intersection(set(of: users.keys))
            if let found = find(search, in: needed, of: workload) { return found }
        }
        return find(search, in: allowed, of: workload)
    }

    /// Searches a set in the order of the figures that do not depend on the demand: the workload's tasks in the domain, and on the
    /// node.
    private mutating func find(_ search: PlacementSearch, in allowed: NodeSet, of workload: WorkloadKey) -> Int? {
        guard !allowed.isEmpty else { return nil }
        memory.look(at: workload, siblings[workload] ?? [:], among: nodes.count) { [self] in position(of: $0) }
        let (label, known) = (search.demand.constraints.spread, memory)
        return memory.firstDomain(by: label, within: allowed, among: nodes.lazy.map(\.traits)) { domain, nodes in
            guard search.scoring.comparesSiblings else { return search.best(in: nodes, of: blocks, domain, 0) }
            return known.firstLevel(within: nodes) { search.best(in: $1, of: blocks, domain, $0) }
        }
    }

    private func set(of names: some Sequence<NodeName>) -> NodeSet {
        var set = NodeSet(nodes: nodes.count)
        for name in names { if let position = position(of: name) { set.insert(position) } }
        return set
    }

    private var openNodes: Int { blocks.reduce(0) { $0 + $1.open.nonzeroBitCount } }
}

// MARK: - Looking at all nodes

extension PlacementIndex {
    /// Returns the nodes that accept tasks, as the scheduler needs them for a task.
    private func candidates(
        for demand: Demand, of workload: WorkloadKey, _ image: String?, _ neighbors: Set<NodeName>?
    ) -> [Candidate] {
        let siblings = siblings[workload] ?? [:]
        let users = networkUsers[workload] ?? [:]
        var domains = SpreadDomains(demand.constraints)
        if domains != nil {
            for node in nodes { domains?.count(siblings[node.traits.name] ?? 0, onNodeWith: node.traits.labels) }
        }
        return nodes.indices.filter { nodes[$0].state == .ready }.map { position in
            let node = nodes[position]
            return Candidate(
                node.traits, use: use(at: position), siblings: siblings[node.traits.name] ?? 0,
                domainSiblings: domains?.siblings(ofNodeWith: node.traits.labels) ?? 0,
                hasImage: image.map(node.traits.images.contains) ?? false,
                hasNeighbor: neighbors?.contains(node.traits.name) ?? false,
                hasNetworkUser: users[node.traits.name] != nil)
        }
    }

    /// The nodes that accept no tasks.
    private var unavailable: [UnavailableNode] {
        nodes.filter { $0.state != .ready }.map { UnavailableNode($0.traits, state: $0.state) }
    }
}

extension TreeDictionary<WorkloadKey, TreeDictionary<NodeName, Int>> {
    /// Adds `step` to a count. Counts of zero are removed, so that equal counts are equal values.
    fileprivate mutating func count(_ node: NodeName, of workload: WorkloadKey, by step: Int) {
        let count = (self[workload]?[node] ?? 0) + step
        self[workload, default: [:]][node] = count == 0 ? nil : count
        if self[workload]?.isEmpty == true { self[workload] = nil }
    }
}
