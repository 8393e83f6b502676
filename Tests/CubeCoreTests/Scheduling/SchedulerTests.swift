import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

struct SchedulerTests {
    private func candidate(
        _ name: String, cpu: Int = 4000, used: Int = 0, tasks: Int = 0, siblings: Int = 0,
        runtimes: [String] = ["process"],
        labels: [String: String] = [:]
    ) -> Candidate {
        Candidate(
            name: NodeName(rawValue: name)!, runtimes: runtimes, labels: labels,
            capacity: ResourceSpec(millicores: cpu, memory: 1000, disk: 1000),
            reserved: ResourceSpec(millicores: used), tasks: tasks, siblings: siblings)
    }

    private func demand(
        _ cpu: Int = 0, memory: Int = 0, image: String? = nil, constraints: PlacementConstraints = .none
    ) -> Demand {
        Demand(
            TaskDefinition(
                name: WorkloadName(rawValue: "web")!, image: image, command: ["true"],
                resources: ResourceSpec(millicores: cpu, memory: memory), constraints: constraints))
    }

    private func pick(
        _ demand: Demand, _ candidates: [Candidate], policy: SchedulingPolicy = .spread, last: String? = nil
    ) -> String {
        let scheduler = Scheduler(policy: policy, lastPicked: last.flatMap(NodeName.init(rawValue:)))
        return switch scheduler.decide(demand, among: candidates) {
        case .node(let name): name.rawValue
        case .pending(let cause): cause.reason.rawValue
        }
    }

    @Test func `The cause for an unplaceable task names the most basic missing requirement`() {
        let zoned = demand(constraints: PlacementConstraints(labels: ["zone": "b"]))
        #expect(pick(demand(), []) == "no_node")
        #expect(pick(demand(image: "web:1"), [candidate("a")]) == "no_runtime")
        #expect(pick(zoned, [candidate("a", labels: ["zone": "a"])]) == "no_match")
        #expect(pick(demand(5000), [candidate("a")]) == "no_capacity")
        #expect(pick(demand(2000), [candidate("a", used: 3000)]) == "no_capacity")
        #expect(pick(zoned, [candidate("a"), candidate("b", labels: ["zone": "b"])]) == "b")
        let slow = demand(constraints: PlacementConstraints(not: ["disk": "slow"]))
        #expect(pick(slow, [candidate("a", labels: ["disk": "slow"]), candidate("b")]) == "b")
    }

    @Test func `A cause names the demand and whether any node can ever satisfy it`() {
        func message(_ candidates: [Candidate], of demand: Demand? = nil) -> String {
            guard case .infeasible(let cause) = Feasibility(of: demand ?? self.demand(3500), on: candidates) else {
                return ""
            }
            return cause.message
        }
        #expect(message([candidate("a", used: 1000)]).contains("3.5 cores, which no node has free now"))
        #expect(message([candidate("a", cpu: 2000)]).contains("3.5 cores, more than any node has"))
        for (bytes, text) in [
            (900 << 30, "900 GiB"), (1 << 20, "1 MiB"), (1025, "1025 bytes"), (1536 << 20, "1536 MiB"),
        ] {
            #expect(message([candidate("a")], of: demand(memory: bytes)).contains("needs \(text) of memory"))
        }
    }

    @Test func `a cause names the nodes that could run the task but currently accept none`() {
        let fast = UnavailableNode(
            name: NodeName(rawValue: "w2")!, runtimes: ["process"], labels: ["disk": "fast"], state: .draining)
        let engine = UnavailableNode(
            name: NodeName(rawValue: "w3")!, runtimes: ["docker"], labels: [:], state: .silent)
        func message(_ demand: Demand, _ candidates: [Candidate], _ others: [UnavailableNode]) -> String? {
            guard case .infeasible(let cause) = Feasibility(of: demand, on: candidates, besides: others) else {
                return nil
            }
            return cause.message
        }
        let wanting = demand(constraints: PlacementConstraints(labels: ["disk": "fast"]))
        #expect(message(wanting, [candidate("w1")], [fast]) == "node w2 is draining; no other node has disk=fast")
        #expect(message(wanting, [candidate("w1")], [engine]) == "no node that could run the task has disk=fast")
        #expect(
            message(demand(image: "web:1"), [candidate("w1")], [fast, engine])
                == "node w3 is silent; no other node can run the task")
        #expect(
            message(demand(), [], [engine, fast])
                == "node w2 is draining, node w3 is silent; no node is ready to take tasks")
        #expect(message(demand(1000), [candidate("w1", cpu: 1)], []) == "the task needs 1 core, more than any node has")
    }

    @Test
    func `Spread takes the node with the fewest of the same workload, then the least loaded, then the first by name`() {
        #expect(pick(demand(), [candidate("a", siblings: 1), candidate("b", used: 3000)]) == "b")
        #expect(pick(demand(100), [candidate("a", used: 2000), candidate("b", used: 1000)]) == "b")
        #expect(pick(demand(), [candidate("a", tasks: 3), candidate("b", tasks: 2)]) == "b")
        #expect(pick(demand(), [candidate("b"), candidate("c"), candidate("a")]) == "a")
    }

    @Test func `Round robin continues by name after the node that was picked last, and wraps around`() {
        let nodes = [candidate("c"), candidate("a"), candidate("b")]
        #expect(pick(demand(), nodes, policy: .roundRobin) == "a")
        #expect(pick(demand(), nodes, policy: .roundRobin, last: "a") == "b")
        #expect(pick(demand(), nodes, policy: .roundRobin, last: "c") == "a")
    }

    @Test(arguments: [SchedulingPolicy.spread, .roundRobin])
    func `The order of the candidates is irrelevant`(policy: SchedulingPolicy) {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        for _ in 0..<300 {
            let names = (0..<Int.random(in: 1...6, using: &random)).map { "n\($0)" }
            let candidates = names.map {
                candidate(
                    $0, used: .random(in: 0...3, using: &random) * 1000, tasks: .random(in: 0...2, using: &random),
                    siblings: .random(in: 0...1, using: &random))
            }
            let wanted = demand(.random(in: 0...4, using: &random) * 500)
            let last = names.randomElement(using: &random)
            let picked = pick(wanted, candidates, policy: policy, last: last)
            #expect(pick(wanted, candidates.shuffled(using: &random), policy: policy, last: last) == picked)
        }
    }
}
