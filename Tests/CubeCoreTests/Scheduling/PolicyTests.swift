import CubeTesting
import CubeTypes
import Foundation
import Testing

@testable import CubeCore

/// Compares the choices of each policy with its documented formula, computed here in another way.
struct PolicyTests {
    private static let memory = 1000

    private func node(
        _ name: String, cpu: Int = 4000, memory: Int = memory, reserved: ResourceSpec = .zero, tasks: Int = 0,
        siblings: Int = 0
    ) -> Candidate {
        Candidate(
            NodeTraits(
                name: NodeName(rawValue: name)!, runtimes: ["process"],
                capacity: ResourceSpec(millicores: cpu, memory: memory, disk: 1000)),
            use: NodeUse(reserved: reserved, tasks: tasks), siblings: siblings)
    }

    private func demand(_ cpu: Int, memory: Int = 0, disk: Int = 0) -> Demand {
        Demand(
            TaskDefinition(
                name: .web, command: ["true"], resources: ResourceSpec(millicores: cpu, memory: memory, disk: disk)),
            of: .default)
    }

    private func pick(_ demand: Demand, _ nodes: [Candidate], _ policy: SchedulingPolicy, last: NodeName? = nil)
        -> String
    {
        guard case .node(let name) = Scheduler(policy: policy, lastPicked: last).decide(demand, among: nodes) else {
            return "pending"
        }
        return name.rawValue
    }

    /// A random cluster: nodes of different sizes with different labels, runtimes, tasks and reservations.
    private func cluster(using random: inout SeededGenerator) -> [Candidate] {
        var nodes: [Candidate] = []
        for index in 0..<Int.random(in: 1...8, using: &random) {
            if var twin = nodes.last, Int.random(in: 0..<4, using: &random) == 0 {
                twin.traits.name = NodeName(rawValue: "n\(index)")!
                nodes.append(twin)
                continue
            }
            let capacity = ResourceSpec(
                millicores: random.pick([1000, 4000, 64_000]), memory: random.pick([500, 1000, 1 << 34]),
                disk: random.pick([0, 1000]))
            let share = Double.random(in: 0...1, using: &random)
            var node = Candidate(
                NodeTraits(
                    name: NodeName(rawValue: "n\(index)")!,
                    runtimes: random.pick([["process"], ["process"], ["docker"]]),
                    labels: random.pick([["zone": "a"], ["zone": "b"], [:]]), capacity: capacity),
                use: NodeUse(
                    reserved: ResourceSpec(
                        millicores: Int(Double(capacity.millicores) * share * random.pick([0, 0.5, 1])),
                        memory: Int(Double(capacity.memory) * share), disk: 0),
                    tasks: random.pick([0, 0, 1, 2, 40])), siblings: .random(in: 0...2, using: &random))
            node.domainSiblings = random.pick([0, 0, 1, .max])
            node.hasImage = .random(using: &random)
            nodes.append(node)
        }
        return nodes
    }

    private func canRun(_ node: Candidate, _ demand: Demand) -> Bool {
        let (used, needed) = (node.use.reserved, demand.resources)
        return node.traits.runtimes.contains("process")
            && demand.constraints.labels.allSatisfy { node.traits.labels[$0] == $1 }
            && used.millicores + needed.millicores <= node.traits.capacity.millicores
            && used.memory + needed.memory <= node.traits.capacity.memory
            && used.disk + needed.disk <= node.traits.capacity.disk
    }

    /// The figures of a policy, the lowest first, as its documentation states them.
    private func figures(
        _ policy: SchedulingPolicy, _ node: Candidate, _ demand: Demand, among all: [Candidate], last: NodeName?
    ) -> [Double] {
        let parts = [\ResourceSpec.millicores, \.memory, \.disk]
        let shares = parts.filter { node.traits.capacity[keyPath: $0] > 0 }.map { part in
            Double(node.use.reserved[keyPath: part] + demand.resources[keyPath: part])
                / Double(node.traits.capacity[keyPath: part])
        }
        func millionths(_ share: Double) -> Double { (share * 1_000_000).rounded(.down) }
        switch policy {
        case .spread:
            let load = shares.map(millionths).max() ?? 0
            let figures = [Double(node.siblings), node.hasImage ? max(load - 50_000, 0) : load, Double(node.use.tasks)]
            return node.hasImage ? [figures[0], figures[1], figures[2] - 2] : figures
        case .binpack:
            let room = parts.filter { node.traits.capacity[keyPath: $0] > 0 }.map { part in
                let whole = node.traits.capacity[keyPath: part]
                let free = whole - node.use.reserved[keyPath: part] - demand.resources[keyPath: part]
                return millionths(Double(free) / Double(whole))
            }
            return [node.use.tasks == 0 ? 1 : 0, room.reduce(0, +), -Double(node.use.tasks)]
        case .roundRobin: return [last.map { node.name > $0 } ?? true ? 0 : 1]
        default: return [rise(node, demand, among: all)]
        }
    }

    /// The marginal cost of E-PVM.
    private func rise(_ node: Candidate, _ demand: Demand, among all: [Candidate]) -> Double {
        let count = Double(max(all.count, 2))
        var full = 1
        while full <= all.map(\.use.tasks).max()! { full *= 2 }
        func cost(_ used: Int, _ whole: Int) -> Double {
            let steps = Double(1 << 20)
            return whole == 0 ? 1 : pow(count, (Double(used) / Double(whole) * steps).rounded(.down) / steps)
        }
        func rise(_ part: KeyPath<ResourceSpec, Int>) -> Double {
            let (used, whole) = (node.use.reserved[keyPath: part], node.traits.capacity[keyPath: part])
            return cost(used + demand.resources[keyPath: part], whole) - cost(used, whole)
        }
        return rise(\.millicores) + rise(\.memory) + cost(node.use.tasks + 1, full) - cost(node.use.tasks, full)
    }

    @Test(arguments: SchedulingPolicy.all)
    func `Each policy picks a node that can run the task and that is the first by its formula`(policy: SchedulingPolicy)
    {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var seen: [String: Int] = [:]
        for _ in 0..<3000 {
            let nodes = cluster(using: &random)
            let last = Bool.random(using: &random) ? random.pick(nodes).name : nil
            var demand = demand(
                random.pick([0, 100, 999, 4000]), memory: random.pick([0, 1, 300, 1 << 30]),
                disk: random.pick([0, 0, 500]))
            if Int.random(in: 0..<4, using: &random) == 0 {
                demand = Demand(
                    TaskDefinition(
                        name: .web, command: ["a"], constraints: PlacementConstraints(labels: ["zone": "b"])),
                    of: .default)
            }
            let able = nodes.filter { canRun($0, demand) }
            let picked = pick(demand, nodes.shuffled(using: &random), policy, last: last)
            guard let node = able.first(where: { $0.name.rawValue == picked }) else {
                #expect(able.isEmpty && picked == "pending")
                seen["pending", default: 0] += 1
                continue
            }
            seen[able.count == 1 ? "only one" : "choice", default: 0] += 1
            func key(_ node: Candidate) -> [Double] {
                [Double(node.domainSiblings)] + figures(policy, node, demand, among: nodes, last: last)
            }
            let chosen = key(node)
            for other in able where other.name != node.name {
                let figures = key(other)
                // The costs of `epvm` are compared in units of 2^-30, and this test computes them with other rounding errors.
                let tolerance = policy == .epvm ? 1e-8 : 0
                let isEqual = zip(chosen, figures).allSatisfy { abs($0 - $1) <= tolerance }
                let isFirst = zip(chosen, figures).first { abs($0 - $1) > tolerance }.map { $0 < $1 } ?? false
                #expect(
                    isFirst || isEqual && (node.name < other.name || tolerance > 0),
                    "\(chosen) \(figures) of \(other.name)")
                if isEqual { seen["tie", default: 0] += 1 }
            }
        }
        for event in ["pending", "only one", "choice", "tie"] {
            #expect(seen[event, default: 0] > 0, "\(event) never occurred")
        }
    }

    @Test(arguments: [0, 1, 7])
    func `Binpack opens a node only for a task that no open node can take`(variety: Int) {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var nodes = ["a", "b", "c", "d", "e"].map { node($0) }
        var opened = 0
        while true {
            let demand = demand(500 + variety * Int.random(in: 0...100, using: &random), memory: 10)
            let name = pick(demand, nodes, .binpack)
            guard let index = nodes.firstIndex(where: { $0.name.rawValue == name }) else { break }
            if nodes[index].use.tasks == 0 {
                opened += 1
                #expect(!nodes.contains { $0.use.tasks > 0 && canRun($0, demand) })
            }
            nodes[index].use.tasks += 1
            nodes[index].use.reserved = nodes[index].use.reserved + demand.resources
        }
        #expect(opened == 5 && nodes.allSatisfy { $0.free.millicores < 500 + variety * 100 })
    }

    @Test func `Binpack takes the fullest open node, and an empty one only if no other is open`() {
        let nodes = [
            node("a", reserved: ResourceSpec(millicores: 1000), tasks: 1),
            node("b", reserved: ResourceSpec(millicores: 3000), tasks: 1), node("c"),
        ]
        #expect(pick(demand(500), nodes, .binpack) == "b")
        #expect(pick(demand(2000), nodes, .binpack) == "a")
        #expect(pick(demand(3500), nodes, .binpack) == "c")
        // Tasks that reserve nothing come to the node with the most tasks.
        #expect(pick(demand(0), [node("a"), node("b", tasks: 2), node("c", tasks: 3)], .binpack) == "c")
    }

    @Test func `Epvm avoids the node on which the resource that the task needs is scarce`() {
        let nodes = [
            node("busy", reserved: ResourceSpec(millicores: 3200, memory: 100), tasks: 2),
            node("full", reserved: ResourceSpec(millicores: 400, memory: 700), tasks: 2),
        ]
        #expect(pick(demand(0, memory: 100), nodes, .epvm) == "busy")
        #expect(pick(demand(400), nodes, .epvm) == "full")
        // Without reservations, the number of tasks decides.
        #expect(pick(demand(0), [node("a", tasks: 3), node("b", tasks: 2), node("c", tasks: 3)], .epvm) == "b")
    }

    @Test func `The opportunity cost is that of the formula for any number of nodes and any reservation`() {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        for count in [1, 2, 3, 100, 5000] {
            for _ in 0..<200 {
                let used = Int.random(in: 0...4000, using: &random)
                let added = Int.random(in: 0...(4000 - used), using: &random)
                var nodes = Array(repeating: node("a"), count: count)
                nodes[0] = node("b", reserved: ResourceSpec(millicores: used, memory: used / 4), tasks: used / 100)
                let demand = demand(added, memory: added / 4)
                let cost = OpportunityCost(nodes: nodes.count, mostTasks: nodes.map(\.use.tasks).max()!)
                    .rise(demand.resources, on: nodes[0].figures)
                let expected = rise(nodes[0], demand, among: nodes)
                #expect(abs(cost - expected) <= 1e-11 * Double(max(count, 2)), "\(cost) \(expected)")
            }
        }
    }

    @Test func `The number of tasks that another program reported may be any number`() {
        let nodes = [node("a", tasks: .max), node("b", tasks: -1), node("c", tasks: .min)]
        #expect(pick(demand(1), nodes, .epvm) != "pending")
    }
}
