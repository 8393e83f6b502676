import HashTreeCollections
package import CubeTypes

/// A forecast of where the manager would place tasks now, based on the nodes and tasks that it reports.
///
/// The forecast reserves nothing: other tasks may be placed first. For the policy `round_robin`, it begins with the first node by name,
/// because the manager does not tell which node it picked last.
package struct PlacementForecast: Sendable {
    private var scheduler: Scheduler
    private var nodes: [NodeName: Candidate]
    /// The images of the nodes; empty if they are of no importance.
    private let images: [NodeName: ImageSet]
    private let unavailable: [UnavailableNode]
    private var siblings: [NodeName: TreeDictionary<WorkloadKey, Int>] = [:]
    /// The numbers of tasks that use the network of a workload, by node.
    private var networkUsers: TreeDictionary<WorkloadKey, TreeDictionary<NodeName, Int>> = [:]
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
        self.volumes = Dictionary(volumes.map(VolumeRecord.init).map { ($0.key, $0) }) { _, last in last }
        images = prefersImages ? Dictionary(nodes.map { ($0.name, $0.images) }) { _, last in last } : [:]
        scheduler = Scheduler(policy: policy, lastPicked: nil)
        let ready = nodes.filter { $0.state == .ready }.map { node in
            Candidate(
                name: node.name, runtimes: node.runtimes, exclusiveRuntimes: node.exclusiveRuntimes,
                labels: node.labels, allowances: node.allowances, secrets: node.secrets,
                capacity: node.capacity, reserved: node.reserved, tasks: node.tasks, siblings: 0)
        }
        unavailable = nodes.filter { $0.state != .ready }.map { node in
            UnavailableNode(
                name: node.name, runtimes: node.runtimes, exclusiveRuntimes: node.exclusiveRuntimes,
                labels: node.labels, allowances: node.allowances, secrets: node.secrets,
                capacity: node.capacity, state: node.state)
        }
        self.nodes = Dictionary(ready.map { ($0.name, $0) }) { _, last in last }
        let holding = tasks.filter { [.scheduled, .running, .stopping].contains($0.state) }
        held = Dictionary(holding.map { ($0.id, $0) }) { _, last in last }
        for task in held.values {
            guard let node = task.node else { continue }
            self.nodes[node]?.ports.formUnion(task.hostPorts)
            count(task.definition, of: task.owner, on: node, by: 1)
        }
    }

    /// Creates a forecast from the state of a cluster.
    ///
    /// - Parameter closed: the nodes that count as cordoned, even if they are not.
    package init(of state: ClusterState, without closed: Set<NodeName>) {
        volumes = Dictionary(uniqueKeysWithValues: state.records.volumes.map { ($0.key, $0.value) })
        scheduler = Scheduler(policy: state.policy, lastPicked: state.records.counters.lastPicked)
        networkUsers = state.index.networkUsers
        held = [:]
        var (open, unavailable) = ([NodeName: Candidate](), [UnavailableNode]())
        var images: [NodeName: ImageSet] = [:]
        for node in state.records.nodes.values {
            let (worker, load) = (node.worker, state.index.load(of: node.worker.name))
            siblings[worker.name] = load.workloads
            if state.prefersImages { images[worker.name] = worker.images }
            if state.takesTasks(node), !closed.contains(worker.name) {
                open[worker.name] = Candidate(
                    name: worker.name, runtimes: worker.runtimes, exclusiveRuntimes: worker.exclusiveRuntimes,
                    labels: worker.labels,
                    allowances: worker.allowances, secrets: worker.secrets, capacity: worker.capacity,
                    reserved: load.reserved, ports: load.ports, tasks: load.tasks.count, siblings: 0)
            } else {
                let isClosed = node.presence == .ready && closed.contains(worker.name)
                // A node that would take tasks, but does not, has not responded for a while.
                let shown = isClosed ? .draining : node.takesTasks ? .silent : node.state
                unavailable.append(
                    UnavailableNode(
                        name: worker.name, runtimes: worker.runtimes, exclusiveRuntimes: worker.exclusiveRuntimes,
                        labels: worker.labels,
                        allowances: worker.allowances, secrets: worker.secrets, capacity: worker.capacity,
                        state: shown))
            }
        }
        (nodes, self.unavailable, self.images) = (open, unavailable, images)
    }

    private mutating func count(_ definition: TaskDefinition, of owner: OwnerName, on node: NodeName, by step: Int) {
        siblings[node, default: [:]][WorkloadKey(owner: owner, name: definition.name), default: 0] += step
        if let holder = definition.network.of {
            networkUsers[WorkloadKey(owner: owner, name: holder), default: [:]][node, default: 0] += step
        }
    }

    /// Returns where a task would be placed, and places it there in the forecast.
    package mutating func place(_ definition: TaskDefinition, of owner: OwnerName) -> Scheduler.Decision {
        let demand = Demand(definition, of: owner)
        let image = definition.fullImageReference
        let workload = WorkloadKey(owner: owner, name: definition.name)
        let domains = domains(of: demand, workload)
        let candidates = nodes.values.map { node in
            var node = node
            node.siblings = siblings[node.name]?[workload] ?? 0
            node.domainSiblings = domains?.siblings(ofNodeWith: node.labels) ?? 0
            node.hasImage = image.flatMap { images[node.name]?.contains($0) } ?? false
            node.hasNeighbor = demand.neighbor.map { siblings[node.name]?[$0] ?? 0 > 0 } ?? false
            node.hasNetworkUser = networkUsers[workload]?[node.name] ?? 0 > 0
            return node
        }
        let bound = demand.volumes.compactMap { volumes[$0] }
        let decision = scheduler.decide(demand, among: candidates, besides: unavailable, bound: bound)
        if case .node(let name) = decision, var node = nodes[name] {
            for key in demand.volumes {
                volumes[key] = volumes[key] ?? VolumeRecord(key: key, node: name)
            }
            node.reserved = node.reserved + demand.resources
            node.ports.formUnion(demand.hostPorts)
            node.tasks += 1
            nodes[name] = node
            count(definition, of: owner, on: name, by: 1)
            scheduler.picking.scoring.lastPicked = name
        }
        return decision
    }

    private func domains(of demand: Demand, _ workload: WorkloadKey) -> SpreadDomains? {
        var domains = SpreadDomains(demand.constraints)
        guard domains != nil else { return nil }
        for node in nodes.values { domains?.count(siblings[node.name]?[workload] ?? 0, onNodeWith: node.labels) }
        for node in unavailable { domains?.count(siblings[node.name]?[workload] ?? 0, onNodeWith: node.labels) }
        return domains
    }

    /// Removes a task that ends from the forecast, which frees its resources and ports.
    package mutating func free(_ id: TaskID) {
        guard let task = held.removeValue(forKey: id), let name = task.node, var node = nodes[name] else { return }
        node.reserved = node.reserved - task.definition.resources
        node.ports.subtract(task.hostPorts)
        node.tasks -= 1
        nodes[name] = node
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
