import HashTreeCollections
package import CubeTypes

/// A forecast of where the manager would place tasks now, based on the nodes and tasks that it reports.
///
/// The forecast reserves nothing: other tasks may be placed first.
package struct PlacementForecast: Sendable {
    private var scheduler: Scheduler
    private var nodes: [NodeName: Candidate]
    private let unavailable: [UnavailableNode]
    private var siblings: [NodeName: [WorkloadKey: Int]] = [:]
    /// The placed tasks.
    private var held: [TaskID: TaskStatus]

    /// - Parameter tasks: the tasks whose ports and siblings are considered, of all owners or of one.
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

    /// Returns where a task would be placed, and places it there in the forecast.
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

    /// Removes a task that ends from the forecast, which frees its resources and ports.
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

    /// The ports that the task uses on its node.
    fileprivate var hostPorts: [HostPort] {
        endpoints.compactMap { endpoint in
            endpoint.address.split(separator: ":").last.flatMap { Int($0) }.map { HostPort($0, endpoint.transport) }
        }
    }
}
