import HashTreeCollections
package import CubeTypes

/// A forecast of where the manager would place tasks now, based on the nodes and tasks that it reports.
///
/// The forecast reserves nothing: other tasks may be placed first. For the policy `round_robin`, it begins with the first node by name,
/// because the manager does not tell which node it picked last.
package struct PlacementForecast: Sendable {
    private var scheduler: Scheduler
    private var index: PlacementIndex
    private let prefersImages: Bool
    /// The placed tasks.
    private var held: [TaskID: TaskStatus]
    private var volumes: [VolumeKey: VolumeRecord]

    /// - Parameters:
    ///   - tasks: the tasks whose ports and siblings are considered, of all owners or of one.
    ///   - volumes: the volumes that exist.
    ///   - prefersImages: whether the manager prefers nodes that have the image of a task.
    package init(
        nodes: [NodeInfo], tasks: [TaskStatus], volumes: [VolumeInfo] = [], policy: SchedulingPolicy,
        prefersImages: Bool = false
    ) {
        self.prefersImages = prefersImages
        self.volumes = Dictionary(volumes.map(VolumeRecord.init).map { ($0.key, $0) }) { _, last in last }
        scheduler = Scheduler(policy: policy, lastPicked: nil)
        let holding = tasks.filter { [.scheduled, .running, .stopping].contains($0.state) }
        held = Dictionary(holding.map { ($0.id, $0) }) { _, last in last }
        let ports = Dictionary(grouping: held.values, by: \.node).mapValues { TreeSet($0.flatMap(\.hostPorts)) }
        index = PlacementIndex(
            nodes.map { node in
                (
                    NodeTraits(node), node.state,
                    NodeUse(
                        reserved: node.reserved, ports: ports[node.name] ?? [],
                        // A count that another program reported may be any number.
                        tasks: min(max(node.tasks, 0), 1 << 40))
                )
            })
        for task in held.values { if let node = task.node { count(task.definition, of: task.owner, on: node, by: 1) } }
    }

    /// Creates a forecast from the state of a cluster.
    ///
    /// - Parameter closed: the nodes that count as cordoned, even if they are not.
    package init(of state: ClusterState, without closed: Set<NodeName>) {
        prefersImages = state.prefersImages
        volumes = Dictionary(uniqueKeysWithValues: state.records.volumes.map { ($0.key, $0.value) })
        scheduler = Scheduler(policy: state.policy, lastPicked: state.records.counters.lastPicked)
        held = [:]
        index = state.index.placement
        for name in closed where state.records.nodes[name]?.presence == .ready { index.set(.draining, of: name) }
    }

    private mutating func count(_ definition: TaskDefinition, of owner: OwnerName, on node: NodeName, by step: Int) {
        index.count(
            WorkloadKey(owner: owner, name: definition.name), on: node, networkOf: definition.network.of, by: step)
    }

    /// Returns where a task would be placed, and places it there in the forecast.
    package mutating func place(_ definition: TaskDefinition, of owner: OwnerName) -> Scheduler.Decision {
        let demand = Demand(definition, of: owner)
        let decision = index.decide(
            demand, of: WorkloadKey(owner: owner, name: definition.name),
            image: prefersImages ? definition.fullImageReference : nil,
            bound: demand.volumes.compactMap { volumes[$0] }, by: scheduler)
        if case .node(let name) = decision {
            for key in demand.volumes { volumes[key] = volumes[key] ?? VolumeRecord(key: key, node: name) }
            index.change(name) { use in
                use.reserved = use.reserved + demand.resources
                use.ports.formUnion(demand.hostPorts)
                use.tasks += 1
            }
            count(definition, of: owner, on: name, by: 1)
            scheduler.picking.scoring.lastPicked = name
        }
        return decision
    }

    /// Removes a task that ends from the forecast, which frees its resources and ports.
    package mutating func free(_ id: TaskID) {
        guard let task = held.removeValue(forKey: id), let name = task.node else { return }
        index.change(name) { use in
            // The list of tasks may be newer than that of the nodes.
            use.reserved = (use.reserved - task.definition.resources).pointwiseMax(.zero)
            use.ports.subtract(task.hostPorts)
            use.tasks = max(use.tasks - 1, 0)
        }
        count(task.definition, of: task.owner, on: name, by: -1)
    }
}

extension TaskStatus {
    /// The ports that the task uses on its node.
    fileprivate var hostPorts: [HostPort] {
        endpoints.compactMap { endpoint in
            endpoint.address.split(separator: ":").last.flatMap { Int($0) }.map { HostPort($0, endpoint.transport) }
        }
    }
}
