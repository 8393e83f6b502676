import HashTreeCollections
import CubeTypes

/// What was found out for earlier tasks, and holds for the next ones until a node comes, goes, or changes its traits.
///
/// It only saves time: everything in it can be found out again.
struct PlacementMemory: Sendable {
    private var fitting: [Requirement: NodeSet] = [:]
    private var images: [String: NodeSet] = [:]
    private var domains: [String: DomainMap] = [:]
    private var spread = WorkloadSpread(nil, nodes: 0)

    /// The number of requirements, images and labels that are remembered.
    private static let limit = 64

    /// What a task requires of a node, whatever runs on it.
    private struct Requirement: Hashable {
        let runtime: String
        let isExclusive: Bool
        let labels: [String: String]
        let unwantedLabels: [String: String]
        let allowances: Set<NeededAllowance>
        let secrets: Set<String>

        init(_ demand: Demand) {
            runtime = demand.runtime
            isExclusive = demand.isExclusive
            labels = demand.constraints.labels
            unwantedLabels = demand.constraints.not
            allowances = demand.allowances
            secrets = demand.secrets
        }
    }

    /// Returns the nodes that meet all requirements of a task that do not depend on what runs on them.
    mutating func fitting(_ demand: Demand, among nodes: some Collection<NodeTraits>) -> NodeSet {
        Self.remembered(Requirement(demand), in: &fitting) {
            NodeSet(of: nodes) { PlacementObstacle.property(of: demand, missingOn: $0) == nil }
        }
    }

    /// Returns the nodes that have an image.
    mutating func having(_ image: String, among nodes: some Collection<NodeTraits>) -> NodeSet {
        Self.remembered(image, in: &images) { NodeSet(of: nodes) { $0.images.contains(image) } }
    }

    private static func remembered<Key, Value>(
        _ key: Key, in values: inout [Key: Value], otherwise find: () -> Value
    ) -> Value {
        if let known = values[key] { return known }
        if values.count >= limit { values = [:] }
        let value = find()
        values[key] = value
        return value
    }
}

// MARK: - Workloads

extension PlacementMemory {
    /// Prepares for questions about a workload.
    ///
    /// - Parameters:
    ///   - siblings: the numbers of its placed tasks, by node.
    ///   - nodes: the number of all nodes.
    mutating func look(
        at workload: WorkloadKey, _ siblings: TreeDictionary<NodeName, Int>, among nodes: Int,
        position: (NodeName) -> Int?
    ) {
        guard spread.workload != workload else { return }
        var spread = WorkloadSpread(workload, nodes: nodes)
        for (node, count) in siblings { if let position = position(node) { spread.set(count, at: position) } }
        self.spread = spread
    }

    /// Takes in that the number of tasks of a workload on a node changed.
    mutating func note(siblingsOf workload: WorkloadKey, on position: Int?, now count: Int) {
        guard spread.workload == workload, let position else { return }
        spread.set(count, at: position)
    }

    /// Calls a function with the nodes of a set by the number of the workload's tasks in their domains, the fewest first, until it
    /// returns a position. Without a label, all nodes are in one domain.
    mutating func firstDomain(
        by label: String?, within allowed: NodeSet, among nodes: some Collection<NodeTraits>,
        _ find: (_ siblings: Int, _ nodes: NodeSet) -> Int?
    ) -> Int? {
        guard let label else { return find(0, allowed) }
        let map = Self.remembered(label, in: &domains) { DomainMap(of: nodes, by: label) }
        return map.first(spread.counts(in: map, label), within: allowed, find)
    }

    /// Calls a function with the nodes of a set by the number of the workload's tasks on them, the fewest first, until it returns a
    /// position.
    func firstLevel(within allowed: NodeSet, _ find: (_ siblings: Int, _ nodes: NodeSet) -> Int?) -> Int? {
        spread.first(within: allowed, find)
    }
}

/// The domains of nodes by a label.
private struct DomainMap: Sendable {
    /// The number of the domain of each node; `nil` if the node does not have the label.
    let numbers: [Int?]
    private var parts: [NodeSet.Part]
    /// The nodes without the label.
    private var others: NodeSet

    init(of nodes: some Collection<NodeTraits>, by label: String) {
        var known: [String: Int] = [:]
        let numbers = nodes.map { node in
            node.labels[label].map { value in
                let number = known[value] ?? known.count
                known[value] = number
                return number
            }
        }
        var members = Array(repeating: [Int](), count: known.count)
        others = NodeSet(nodes: nodes.count)
        for (position, number) in numbers.enumerated() {
            if let number { members[number].append(position) } else { others.insert(position) }
        }
        parts = members.map(NodeSet.Part.init)
        self.numbers = numbers
    }

    var count: Int { parts.count }

    /// - Parameter counts: the numbers of the workload's tasks in the domains. The nodes without the label are last.
    func first(_ counts: [Int], within allowed: NodeSet, _ find: (_ siblings: Int, _ nodes: NodeSet) -> Int?) -> Int? {
        var level = counts.min()
        while let siblings = level {
            var nodes = NodeSet(nodes: numbers.count)
            for (number, part) in parts.enumerated() where counts[number] == siblings {
                nodes.insert(part, in: allowed)
            }
            if let found = find(siblings, nodes) { return found }
            level = counts.lazy.filter { $0 > siblings }.min()
        }
        return find(.max, allowed.intersection(others))
    }
}

/// Where the placed tasks of a workload are, by the positions of the nodes.
private struct WorkloadSpread: Sendable {
    let workload: WorkloadKey?
    /// The number of tasks on each node.
    private var counts: [Int]
    /// The nodes that have tasks of the workload.
    private var occupied: NodeSet
    /// The same nodes by their number of tasks. No set is empty.
    private var levels: [Int: NodeSet] = [:]
    private let empty: NodeSet
    private var domains: (label: String, counts: [Int], numbers: [Int?])?

    /// Creates the spread of a workload without tasks.
    init(_ workload: WorkloadKey?, nodes: Int) {
        self.workload = workload
        empty = NodeSet(nodes: nodes)
        occupied = empty
        counts = Array(repeating: 0, count: nodes)
    }

    mutating func set(_ count: Int, at position: Int) {
        let before = counts[position]
        counts[position] = count
        if before > 0 {
            levels[before]?.remove(position)
            if levels[before]?.isEmpty == true { levels[before] = nil }
        }
        if count > 0 {
            levels[count, default: empty].insert(position)
            occupied.insert(position)
        } else {
            occupied.remove(position)
        }
        if let number = domains?.numbers[position] { domains?.counts[number] += count - before }
    }

    /// Returns the number of tasks in each domain.
    mutating func counts(in map: DomainMap, _ label: String) -> [Int] {
        if let domains, domains.label == label { return domains.counts }
        var sums = Array(repeating: 0, count: map.count)
        for (position, count) in counts.enumerated() where count > 0 {
            if let number = map.numbers[position] { sums[number] += count }
        }
        domains = (label, sums, map.numbers)
        return sums
    }

    func first(within allowed: NodeSet, _ find: (_ siblings: Int, _ nodes: NodeSet) -> Int?) -> Int? {
        var free = allowed
        free.subtract(occupied)
        if let found = find(0, free) { return found }
        for (siblings, nodes) in levels.sorted(by: { $0.key < $1.key }) {
            if let found = find(siblings, allowed.intersection(nodes)) { return found }
        }
        return nil
    }
}
