import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

struct SchedulerTests {
    private func candidate(
        _ name: String, cpu: Int = 4000, used: Int = 0, tasks: Int = 0, siblings: Int = 0,
        runtimes: [String] = ["process"],
        labels: [String: String] = [:], hasImage: Bool = false
    ) -> Candidate {
        Candidate(
            NodeTraits(
                name: NodeName(rawValue: name)!, runtimes: runtimes, labels: labels,
                capacity: ResourceSpec(millicores: cpu, memory: 1000, disk: 1000)),
            use: NodeUse(reserved: ResourceSpec(millicores: used), tasks: tasks), siblings: siblings,
            hasImage: hasImage)
    }

    private func demand(
        _ cpu: Int = 0, memory: Int = 0, image: String? = nil, constraints: PlacementConstraints = .none
    ) -> Demand {
        Demand(
            TaskDefinition(
                name: WorkloadName(rawValue: "web")!, image: image, command: ["true"],
                resources: ResourceSpec(millicores: cpu, memory: memory), constraints: constraints),
            of: .default)
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
            NodeTraits(
                name: NodeName(rawValue: "w2")!, runtimes: ["process"], labels: ["disk": "fast"],
                capacity: ResourceSpec(millicores: 4000)), state: .draining)
        let engine = UnavailableNode(
            NodeTraits(
                name: NodeName(rawValue: "w3")!, runtimes: ["docker"], capacity: ResourceSpec(millicores: 4000)),
            state: .silent)
        func message(_ demand: Demand, _ candidates: [Candidate], _ others: [UnavailableNode]) -> String? {
            guard case .infeasible(let cause) = Feasibility(of: demand, on: candidates, besides: others) else {
                return nil
            }
            return cause.message
        }
        let wanting = demand(constraints: PlacementConstraints(labels: ["disk": "fast"]))
        #expect(
            message(wanting, [candidate("w1")], [fast])
                == "node w2 is draining; no other node has disk=fast; of 2 nodes, 1 lacks disk=fast and 1 could run the task"
        )
        #expect(
            message(wanting, [candidate("w1")], [engine])
                == "no node that could run the task has disk=fast; of 2 nodes, 1 cannot run processes and 1 lacks disk=fast"
        )
        #expect(
            message(demand(image: "web:1"), [candidate("w1")], [fast, engine])
                == "node w3 is silent; no other node can run the task; of 3 nodes, 2 have no container engine and 1 could run "
                + "the task")
        #expect(
            message(demand(), [], [engine, fast])
                == "node w2 is draining, node w3 is silent; no node is ready to take tasks")
        #expect(message(demand(1000), [candidate("w1", cpu: 1)], []) == "the task needs 1 core, more than any node has")
        #expect(
            message(demand(1000), [candidate("w1", cpu: 1)], [fast])
                == "node w2 is draining; no other node has 1 core, which the task needs; of 2 nodes, 1 has less than 1 core and "
                + "1 could run the task")
    }

    @Test func `a cause says how many nodes lack which requirement`() {
        let nodes =
            ["a", "b"].map { candidate($0, runtimes: ["process"]) }
            + ["c", "d", "e"].map { candidate($0, runtimes: ["docker"]) }
            + [
                candidate("f", runtimes: ["docker"], labels: ["zone": "a", "disk": "slow"]),
                candidate("g", cpu: 1000, runtimes: ["docker"], labels: ["zone": "a"]),
                candidate("h", used: 3500, runtimes: ["docker"], labels: ["zone": "a"]),
                candidate("i", used: 4000, runtimes: ["docker"], labels: ["zone": "a"]),
            ]
        let task = demand(
            2000, image: "web:1", constraints: PlacementConstraints(labels: ["zone": "a"], not: ["disk": "slow"]))
        guard case .infeasible(let cause) = Feasibility(of: task, on: nodes) else { return #expect(Bool(false)) }
        #expect(
            cause.message
                == "the task needs 2 cores, which no node has free now; it is placed when a node has enough; of 9 nodes, "
                + "2 have no container engine, 3 lack zone=a, 1 has disk=slow, 1 has less than 2 cores and 2 could run the task"
        )
    }

    @Test func `the cause of a waiting task stays the same while other tasks come and go`() throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        var cluster = TestCluster()
        for (index, cpu) in [1000, 4000, 4000, 8000].enumerated() {
            try cluster.join(
                NodeName(rawValue: "n\(index)")!, cpu: cpu, runtimes: index == 3 ? ["docker"] : ["process"])
        }
        // Two tasks that stay leave no node with 2 free cores.
        for ordinal in 0..<2 { try cluster.schedule(cluster.proposal(.db, ordinal: ordinal, cpu: 2500)) }
        let waiting = try cluster.schedule(cluster.proposal(.web, cpu: 2000)).task
        #expect(
            waiting.message?.hasSuffix(
                "of 4 nodes, 1 cannot run processes, 1 has less than 2 cores and 2 could run the task") == true)
        let other = WorkloadName(rawValue: "other")!
        var running: [TaskID] = []
        for attempt in 0..<60 {
            if let id = running.first, Bool.random(using: &random) {
                let node = try #require(cluster.task(id)?.phase.placement?.node)
                try cluster.stop(id)
                try cluster.report([cluster.report(id, .stopped)], from: node)
                running.removeFirst()
            } else {
                let task = try cluster.schedule(
                    cluster.proposal(other, ordinal: attempt, cpu: random.pick([100, 700])), maxLive: 100
                ).task
                if task.node != nil { running.append(task.id) } else { try cluster.stop(task.id) }
            }
            let now = try #require(cluster.task(waiting.id))
            #expect(now.status.message == waiting.message && now.revision == waiting.revision)
        }
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

    @Test func `Spread prefers a node that has the image, after the number of tasks of the same workload`() {
        #expect(pick(demand(), [candidate("a"), candidate("b", hasImage: true)]) == "b")
        #expect(pick(demand(), [candidate("a"), candidate("b", siblings: 1, hasImage: true)]) == "a")
        #expect(pick(demand(100), [candidate("a"), candidate("b", used: 100, hasImage: true)]) == "b")
        #expect(pick(demand(100), [candidate("a"), candidate("b", used: 1000, hasImage: true)]) == "a")
        #expect(
            pick(demand(), [candidate("a"), candidate("b", hasImage: true)], policy: .roundRobin) == "a",
            "Otherwise, the nodes without the image would never have their turn.")
    }

    @Test(arguments: [0, 10, 200])
    func `Different workloads with the same image do not all go to the node that has it`(cpu: Int) {
        var nodes = ["a", "b", "c"].map { candidate($0, hasImage: $0 == "c") }
        for _ in 0..<60 where nodes.contains(where: { $0.free.covers(ResourceSpec(millicores: cpu)) }) {
            let name = pick(demand(cpu), nodes)
            let index = nodes.firstIndex { $0.name.rawValue == name }!
            nodes[index].use.tasks += 1
            nodes[index].use.reserved = nodes[index].use.reserved + ResourceSpec(millicores: cpu)
        }
        let counts = nodes.map(\.use.tasks)
        // 5 % of 4 cores, or 2 tasks more than the others, and the task at which the limit is reached.
        let most = cpu == 0 ? 3 : 200 / cpu + 1
        #expect(counts[2] > counts[0] || cpu == 200, "\(counts)")
        #expect(counts[2] - counts[0] <= most && abs(counts[0] - counts[1]) <= 1, "\(counts)")
    }

    @Test(arguments: SchedulingPolicy.all)
    func `The order of the candidates is irrelevant`(policy: SchedulingPolicy) {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        for _ in 0..<300 {
            let names = (0..<Int.random(in: 1...6, using: &random)).map { "n\($0)" }
            let candidates = names.map {
                candidate(
                    $0, used: .random(in: 0...3, using: &random) * 1000, tasks: .random(in: 0...2, using: &random),
                    siblings: .random(in: 0...1, using: &random), hasImage: .random(using: &random))
            }
            let wanted = demand(.random(in: 0...4, using: &random) * 500)
            let last = names.randomElement(using: &random)
            let picked = pick(wanted, candidates, policy: policy, last: last)
            #expect(pick(wanted, candidates.shuffled(using: &random), policy: policy, last: last) == picked)
        }
    }
}
