import CubeTypes

/// How many nodes of a cluster can never run a task, by the first reason, and how many could.
///
/// Only lasting properties of the nodes count, and nodes that accept no tasks at the moment count like the others. The census of
/// a task therefore stays the same while other tasks come and go, and while nodes are away for a time.
struct NodeCensus {
    private var counts: [Class: Int] = [:]
    private var nodes = 0

    /// A class of nodes: the first requirement of the task that they lack.
    private enum Class: Hashable {
        case runtime
        /// The label that the nodes lack, or must not have, by its position in the sorted list.
        case label(Int)
        case unwantedLabel(Int)
        /// The allowance that the nodes lack, by its position in the sorted list.
        case allowance(Int)
        /// The secret that the nodes lack, by its position in the sorted list.
        case secret(Int)
        case cpu, memory, disk
        /// The nodes that could run the task.
        case able
    }

    private let demand: Demand
    private let labels: [(key: String, value: String)]
    private let unwanted: [(key: String, value: String)]
    private let allowances: [NeededAllowance]
    private let secrets: [String]

    init(of demand: Demand, candidates: [Candidate], others: [UnavailableNode]) {
        self.demand = demand
        labels = demand.constraints.labels.sorted { $0.key < $1.key }
        unwanted = demand.constraints.not.sorted { $0.key < $1.key }
        allowances = demand.allowances.sorted()
        secrets = demand.secrets.sorted()
        for node in candidates { count(node.traits) }
        for node in others { count(node.traits) }
    }

    private mutating func count(_ node: NodeTraits) {
        let found: Class =
            if !node.runs(demand) {
                .runtime
            } else if let index = labels.firstIndex(where: { node.labels[$0.key] != $0.value }) {
                .label(index)
            } else if let index = unwanted.firstIndex(where: { node.labels[$0.key] == $0.value }) {
                .unwantedLabel(index)
            } else if let index = allowances.firstIndex(where: { !node.allowances.allows($0) }) {
                .allowance(index)
            } else if let index = secrets.firstIndex(where: { !node.has(secret: $0) }) {
                .secret(index)
            } else if node.capacity.millicores < demand.resources.millicores {
                .cpu
            } else if node.capacity.memory < demand.resources.memory {
                .memory
            } else if node.capacity.disk < demand.resources.disk {
                .disk
            } else {
                .able
            }
        counts[found, default: 0] += 1
        nodes += 1
    }

    /// The census in words, such as `of 7 nodes, 2 have no container engine, 3 lack zone=a and 2 could run the task`; `nil` if
    /// all nodes belong to one class, which the reason of the task already describes.
    var text: String? {
        guard counts.count > 1 else { return nil }
        let classes =
            [.runtime] + labels.indices.map(Class.label) + unwanted.indices.map(Class.unwantedLabel)
            + allowances.indices.map(Class.allowance) + secrets.indices.map(Class.secret)
            + [.cpu, .memory, .disk, .able]
        var parts = classes.compactMap { part in counts[part].map { "\($0) \(words(part, $0 == 1))" } }
        let last = parts.removeLast()
        return "of \(Count(nodes, "node")), \(parts.joined(separator: ", ")) and \(last)"
    }

    private func words(_ part: Class, _ isOne: Bool) -> String {
        let has = isOne ? "has" : "have"
        switch part {
        case .runtime where demand.isExclusive: return "cannot run exclusive tasks of this kind"
        case .runtime:
            return demand.runtime == RuntimeKind.process.rawValue
                ? "cannot run processes" : "\(has) no container engine"
        case .label(let index): return "\(isOne ? "lacks" : "lack") \(labels[index].key)=\(labels[index].value)"
        case .unwantedLabel(let index): return "\(has) \(unwanted[index].key)=\(unwanted[index].value)"
        case .allowance(let index): return "\(isOne ? "does" : "do") not allow \(allowances[index].text)"
        case .secret(let index): return "\(isOne ? "lacks" : "lack") the secret \(secrets[index])"
        case .cpu: return "\(has) less than \(ResourceSpec(millicores: demand.resources.millicores).text)"
        case .memory: return "\(has) less than \(ResourceSpec(memory: demand.resources.memory).text)"
        case .disk: return "\(has) less than \(ResourceSpec(disk: demand.resources.disk).text)"
        case .able: return "could run the task"
        }
    }
}
