import HashTreeCollections
package import CubeTypes

/// Where the manager would put tasks now, as far as what it tells of its nodes and tasks shows that.
///
/// It is advice: no place is kept, and what others ask for meanwhile comes first.
package struct PlacementForecast: Sendable {
    private var scheduler: Scheduler
    private var nodes: [NodeName: Candidate]
    private let unavailable: [UnavailableNode]
    private var siblings: [NodeName: [WorkloadKey: Int]] = [:]
    /// Those that hold a place.
    private var held: [TaskID: TaskStatus]

    /// - Parameter tasks: those whose ports and siblings count, of all owners or of one.
    package init(nodes: [NodeInfo], tasks: [TaskStatus], policy: SchedulingPolicy) {
        scheduler = Scheduler(policy: policy, lastPicked: nil)
        let ready = nodes.filter { $0.state == .ready }.map { node in
            Candidate(
                name: node.name, runtimes: node.runtimes, labels: node.labels, capacity: node.capacity,
                reserved: node.reserved, tasks: node.tasks, siblings: 0)
        }
        unavailable = nodes.filter { $0.state != .ready }.map { node in
            UnavailableNode(name: node.name, runtimes: node.runtimes, labels: node.labels, state: node.state)
        }
        self.nodes = Dictionary(ready.map { ($0.name, $0) }) { _, last in last }
        let holding = tasks.filter { [.scheduled, .running, .stopping].contains($0.state) }
        held = Dictionary(holding.map { ($0.id, $0) }) { _, last in last }
        for task in held.values {
            guard let node = task.node else { continue }
            self.nodes[node]?.ports.formUnion(task.hostPorts)
            siblings[node, default: [:]][task.workload, default: 0] += 1
        }
    }

    /// Where a task would go, where it takes its place then.
    package mutating func place(_ definition: TaskDefinition, of owner: OwnerName) -> Scheduler.Decision {
        let demand = Demand(definition)
        let workload = WorkloadKey(owner: owner, name: definition.name)
        let candidates = nodes.values.map { node in
            var node = node
            node.siblings = siblings[node.name]?[workload] ?? 0
            return node
        }
        let decision = scheduler.decide(demand, among: candidates, besides: unavailable)
        if case .node(let name) = decision, var node = nodes[name] {
            node.reserved = node.reserved + demand.resources
            node.ports.formUnion(demand.hostPorts)
            node.tasks += 1
            nodes[name] = node
            siblings[name, default: [:]][workload, default: 0] += 1
            scheduler.picking.scoring.lastPicked = name
        }
        return decision
    }

    /// Gives back the place of a task that ends.
    package mutating func free(_ id: TaskID) {
        guard let task = held.removeValue(forKey: id), let name = task.node, var node = nodes[name] else { return }
        node.reserved = node.reserved - task.definition.resources
        node.ports.subtract(task.hostPorts)
        node.tasks -= 1
        nodes[name] = node
        siblings[name]?[task.workload, default: 0] -= 1
    }
}

extension TaskStatus {
    fileprivate var workload: WorkloadKey { WorkloadKey(owner: owner, name: name) }

    /// The ports of its node that it has.
    fileprivate var hostPorts: [HostPort] {
        endpoints.compactMap { endpoint in
            endpoint.address.split(separator: ":").last.flatMap { Int($0) }.map { HostPort($0, endpoint.transport) }
        }
    }
}
