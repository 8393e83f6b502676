import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// Compares the index with the scheduler, which looks at all nodes.
struct PlacementIndexTests {
    /// The nodes and tasks as plain lists, from which each decision is made anew.
    private struct Model {
        var nodes: [NodeName: (traits: NodeTraits, state: WorkerState)] = [:]
        var tasks: [Placed] = []
        var index = PlacementIndex()

        struct Placed {
            let workload: WorkloadKey
            let definition: TaskDefinition
            let node: NodeName
        }

        func use(of node: NodeName) -> NodeUse {
            let here = tasks.filter { $0.node == node }
            return NodeUse(
                reserved: here.map(\.definition.resources).reduce(.zero, +),
                ports: TreeSet(here.flatMap(\.definition.ports).map { HostPort($0.host, $0.transport) }),
                tasks: here.count)
        }

        mutating func set(_ traits: NodeTraits, _ state: WorkerState) {
            nodes[traits.name] = (traits, state)
            index.set(traits, state: state, use: use(of: traits.name))
        }

        mutating func remove(_ name: NodeName) {
            nodes[name] = nil
            index.remove(name)
        }

        mutating func add(_ task: Placed) {
            tasks.append(task)
            index.set(use(of: task.node), of: task.node)
            index.count(task.workload, on: task.node, networkOf: task.definition.network.of, by: 1)
        }

        mutating func remove(at place: Int) {
            let task = tasks.remove(at: place)
            index.set(use(of: task.node), of: task.node)
            index.count(task.workload, on: task.node, networkOf: task.definition.network.of, by: -1)
        }

        /// The decision of the scheduler.
        func decision(
            _ demand: Demand, _ workload: WorkloadKey, _ image: String?, _ bound: [VolumeRecord], _ scheduler: Scheduler
        ) -> Scheduler.Decision {
            let siblings = tasks.filter { $0.workload == workload }
            var domains = SpreadDomains(demand.constraints)
            for task in siblings { domains?.count(1, onNodeWith: nodes[task.node]?.traits.labels ?? [:]) }
            let candidates = nodes.values.filter { $0.state == .ready }.map { node in
                let here = tasks.filter { $0.node == node.traits.name }
                return Candidate(
                    node.traits, use: use(of: node.traits.name),
                    siblings: siblings.count { $0.node == node.traits.name },
                    domainSiblings: domains?.siblings(ofNodeWith: node.traits.labels) ?? 0,
                    hasImage: image.map(node.traits.images.contains) ?? false,
                    hasNeighbor: here.contains { $0.workload == demand.neighbor },
                    hasNetworkUser: here.contains { $0.definition.network.of == workload.name })
            }
            let others = nodes.values.filter { $0.state != .ready }.map { UnavailableNode($0.traits, state: $0.state) }
            return scheduler.decide(demand, among: candidates, besides: others, bound: bound)
        }
    }

    private static let names = ["web", "db", "vpn", "cache"].map { WorkloadName(rawValue: $0)! }

    private func node(_ number: Int, using random: inout SeededGenerator) -> NodeTraits {
        NodeTraits(
            name: NodeName(rawValue: "n\(number)")!,
            runtimes: random.pick([["process"], ["process", "docker"]]), exclusiveRuntimes: ["process"],
            labels: random.pick([
                [:], ["zone": "a", "host": "\(number)"], ["zone": "b", "host": "\(number)"], ["zone": "c"],
            ]),
            secrets: random.pick([nil, ["key"], []]),
            images: ImageSet(random.pick([[], ["docker.io/library/x:latest"]])),
            capacity: ResourceSpec(
                millicores: random.pick([1000, 4000]), memory: random.pick([0, 1000, 3000]), disk: 1000))
    }

    private func definition(using random: inout SeededGenerator) -> TaskDefinition {
        let name = random.pick(Self.names)
        let port: Int? = random.pick([nil, nil, nil, 80, 443])
        let isExclusive = Int.random(in: 0..<10, using: &random) == 0
        let usesNetwork = name.rawValue == "web" && Bool.random(using: &random)
        return TaskDefinition(
            name: name, image: random.pick([nil, "x"]), command: ["true"],
            resources: ResourceSpec(
                millicores: random.pick([0, 100, 333, 900, 5000]), memory: random.pick([0, 0, 10, 300]),
                disk: random.pick([0, 0, 1])),
            network: usesNetwork ? TaskNetwork(of: WorkloadName(rawValue: "vpn")!) : .standard,
            ports: [port].compactMap(\.self).map { PortSpec(name: "p", host: $0) },
            constraints: random.pick([
                .none, .none, PlacementConstraints(spread: "zone"), PlacementConstraints(spread: "host"),
                PlacementConstraints(labels: ["zone": "a"]), PlacementConstraints(not: ["zone": "b"], spread: "zone"),
            ]), exclusive: isExclusive)
    }

    @Test(arguments: SchedulingPolicy.all)
    func `the index decides as the scheduler that looks at all nodes`(policy: SchedulingPolicy) throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var seen: [String: Int] = [:]
        for size in [3, 130] {
            var model = Model()
            for number in 0..<size { model.set(node(number, using: &random), .ready) }
            var last: NodeName?
            for _ in 0..<250 {
                switch Int.random(in: 0..<20, using: &random) {
                case 0: model.set(node(.random(in: 0..<size, using: &random), using: &random), .ready)
                case 1:
                    let node = random.pick(Array(model.nodes.values))
                    model.set(node.traits, random.pick([.ready, .silent, .draining]))
                case 2 where model.nodes.count > 1:
                    model.remove(random.pick(Array(model.nodes.keys)))
                case 3...8 where !model.tasks.isEmpty:
                    model.remove(at: .random(in: 0..<model.tasks.count, using: &random))
                default: break
                }
                let definition = definition(using: &random)
                let workload = WorkloadKey(owner: .default, name: definition.name)
                let demand = Demand(definition, of: .default)
                let image = definition.image.map { _ in "docker.io/library/x:latest" }
                let bound: [VolumeRecord] =
                    Int.random(in: 0..<10, using: &random) == 0
                    ? [
                        VolumeRecord(
                            key: VolumeKey(owner: .default, name: "data"),
                            node: NodeName(rawValue: "n\(Int.random(in: 0..<size, using: &random))")!)
                    ] : []
                let scheduler = Scheduler(policy: policy, lastPicked: last)
                let wanted = model.decision(demand, workload, image, bound, scheduler)
                let found = model.index.decide(demand, of: workload, image: image, bound: bound, by: scheduler)
                #expect(found == wanted, "seed \(random.seed)")
                switch found {
                case .node(let node):
                    model.add(Model.Placed(workload: workload, definition: definition, node: node))
                    last = node
                    seen["node", default: 0] += 1
                case .pending(let cause): seen[cause.reason.rawValue, default: 0] += 1
                }
            }
        }
        for event in ["node", "no_match", "no_network", "no_capacity", "no_runtime", "volume_unavailable"] {
            #expect(seen[event, default: 0] > 0, "\(event) never occurred: \(seen)")
        }
    }

    @Test func `an index that was changed step by step equals one that is made anew`() {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var model = Model()
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3:
                model.set(node(.random(in: 0..<100, using: &random), using: &random), random.pick([.ready, .silent]))
            case 4:
                if let name = model.nodes.keys.randomElement(using: &random) { model.remove(name) }
            case 5...7:
                guard let node = model.nodes.keys.randomElement(using: &random) else { continue }
                let definition = definition(using: &random)
                model.add(
                    Model.Placed(
                        workload: WorkloadKey(owner: .default, name: definition.name), definition: definition,
                        node: node))
            default:
                if !model.tasks.isEmpty { model.remove(at: .random(in: 0..<model.tasks.count, using: &random)) }
            }
        }
        var fresh = PlacementIndex(
            model.nodes.values.map { ($0.traits, $0.state, model.use(of: $0.traits.name)) })
        for task in model.tasks {
            fresh.count(task.workload, on: task.node, networkOf: task.definition.network.of, by: 1)
        }
        #expect(fresh == model.index)
        #expect(!model.tasks.isEmpty && model.nodes.count > 10)
    }

    /// A node may register again with a fraction of the size that its tasks reserve, and report any number of tasks.
    @Test(arguments: SchedulingPolicy.all)
    func `a node may have any amounts`(policy: SchedulingPolicy) throws {
        let most = 1 << 50
        let each = [0, 1, most].flatMap { capacity in [0, 1, most].map { (capacity, $0) } }
        // More than one block of nodes.
        let amounts = (0..<20).flatMap { _ in each }
        let nodes = amounts.enumerated().map { number, amount in
            NodeInfo(
                name: NodeName(rawValue: "n\(number)")!, state: .ready, url: "http://127.0.0.1:1", version: "0",
                runtimes: ["process"], labels: [:], capacity: ResourceSpec(memory: amount.0, disk: amount.0),
                reserved: ResourceSpec(memory: amount.1, disk: amount.1), tasks: [.max, .min, -1][number % 3],
                lastSeenAt: nil, revision: 1)
        }
        var forecast = PlacementForecast(nodes: nodes, tasks: [], policy: policy)
        let definition = TaskDefinition(name: .web, command: ["true"], resources: ResourceSpec(memory: 1))
        guard case .node = forecast.place(definition, of: .default) else {
            Issue.record("the task fits on a node")
            return
        }
        let scheduler = Scheduler(policy: policy, lastPicked: nil)
        let candidates = nodes.map { node in
            Candidate(NodeTraits(node), use: NodeUse(reserved: node.reserved, tasks: min(max(node.tasks, 0), 1 << 40)))
        }
        var index = PlacementIndex(candidates.map { ($0.traits, .ready, $0.use) })
        for demand in [0, 1, most].map({ memory in
            var definition = definition
            definition.resources = ResourceSpec(memory: memory)
            return Demand(definition, of: .default)
        }) {
            let workload = WorkloadKey(owner: .default, name: .web)
            #expect(
                index.decide(demand, of: workload, image: nil, by: scheduler)
                    == scheduler.decide(demand, among: candidates))
        }
    }
}
