import CubeTypes

/// The first requirement of a task that a node does not meet, in the order in which they are checked.
enum PlacementObstacle: Int, Comparable {
    case runtime, labels, allowances, secrets, neighbor, size, capacity, ports

    static func < (left: PlacementObstacle, right: PlacementObstacle) -> Bool { left.rawValue < right.rawValue }

    /// Returns `nil` if the node can run the task.
    init?(of demand: Demand, on node: Candidate) {
        if let property = Self.property(of: demand, missingOn: node.traits) {
            self = property
        } else if demand.neighbor != nil, !node.hasNeighbor {
            self = .neighbor
        } else if !node.free.covers(demand.resources) {
            self = node.traits.capacity.covers(demand.resources) ? .capacity : .size
        } else if !demand.hasPorts(beside: node.use.ports) {
            self = .ports
        } else {
            return nil
        }
    }

    /// Returns the first requirement that a node which accepts no tasks would not meet if it did; `nil` if none is known. Its tasks
    /// are not considered.
    init?(of demand: Demand, on node: UnavailableNode) {
        if let property = Self.property(of: demand, missingOn: node.traits) {
            self = property
        } else if !node.traits.capacity.covers(demand.resources) {
            self = .size
        } else {
            return nil
        }
    }

    /// Returns the first requirement that is about what a node is, whatever runs on it.
    static func property(of demand: Demand, missingOn node: NodeTraits) -> PlacementObstacle? {
        if !node.runs(demand) { return .runtime }
        if !demand.constraints.match(node.labels) { return .labels }
        if !node.allowances.allows(demand.allowances) { return .allowances }
        return demand.secrets.allSatisfy(node.has(secret:)) ? nil : .secrets
    }

    var reason: TaskReason {
        switch self {
        case .runtime: .noRuntime
        case .labels: .noMatch
        case .allowances: .notAllowed
        case .secrets: .secretMissing
        case .neighbor: .noNetwork
        case .size, .capacity: .noCapacity
        case .ports: .portTaken
        }
    }
}

extension PlacementConstraints {
    func match(_ nodeLabels: [String: String]) -> Bool {
        labels.allSatisfy { nodeLabels[$0.key] == $0.value } && not.allSatisfy { nodeLabels[$0.key] != $0.value }
    }
}
