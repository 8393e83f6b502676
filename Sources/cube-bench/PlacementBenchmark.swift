import ArgumentParser
import CubeCore
import CubeTypes

/// Places tasks on nodes in memory: with the index, and with the scheduler, which looks at all nodes.
struct PlacementBenchmark {
    let counts: [Int]
    /// The number of tasks that the index places in a repetition. The scheduler places fewer.
    let tasks: Int
    let repetitions: Int

    /// The number of tasks of a workload.
    private static let replicas = 50
    /// The number of tasks that the scheduler places: more than those of two workloads.
    private static let scanned = 110

    func figures() throws -> [Figure] {
        try counts.map { count in
            let world = world(count)
            var (fast, slow, cores) = ([Double](), [Double](), [Double]())
            for _ in 0..<repetitions {
                var index = PlacementIndex(world.nodes.map { ($0, .ready, NodeUse()) })
                let placed = try Self.timed(world.tasks.count) {
                    try world.tasks.map { try Self.place($0, in: &index) }
                }
                fast.append(placed.speed)
                cores.append(placed.cores)
                var scan = FullScan(world.nodes)
                let some = world.tasks.prefix(Self.scanned)
                let checked = try Self.timed(some.count) { try some.map { try scan.place($0) } }
                slow.append(checked.speed)
                guard checked.result == Array(placed.result.prefix(some.count)) else {
                    throw ValidationError("The index and the scheduler do not agree.")
                }
            }
            return Figure(
                id: count == counts.first ? "g" : "g\(count)", name: "placements on \(count) nodes",
                figure: fast.median,
                p99: fast.min() ?? 0, unit: "/s", cores: cores.median, against: "a look at all nodes",
                floor: slow.median, ratio: fast.median / slow.median, aim: "≥ 100000/s with 5,000 nodes",
                met: count < 5_000 || fast.median >= 100_000)
        }
    }

    private static func timed<Result>(_ count: Int, _ run: () throws -> Result) rethrows -> (
        result: Result, speed: Double, cores: Double
    ) {
        let clock = ContinuousClock()
        let (start, before) = (clock.now, MeasuredPart.processorSeconds())
        let result = try run()
        let seconds = (clock.now - start) / .seconds(1)
        return (result, Double(count) / seconds, (MeasuredPart.processorSeconds() - before) / seconds)
    }

    private static func place(_ task: TaskDefinition, in index: inout PlacementIndex) throws -> NodeName {
        let demand = Demand(task, of: .default)
        let workload = WorkloadKey(owner: .default, name: task.name)
        let scheduler = Scheduler(policy: .spread, lastPicked: nil)
        guard case .node(let node) = index.decide(demand, of: workload, image: nil, by: scheduler) else {
            throw ValidationError("A task fits on no node.")
        }
        index.change(node) { use in
            use.reserved = use.reserved + demand.resources
            use.tasks += 1
        }
        index.count(workload, on: node, networkOf: nil, by: 1)
        return node
    }

    /// Nodes of three sizes in 20 racks, of which half have fast disks; and workloads that need such disks and spread over the racks.
    private func world(_ count: Int) -> (nodes: [NodeTraits], tasks: [TaskDefinition]) {
        let nodes = (0..<count).map { number in
            NodeTraits(
                name: NodeName(rawValue: "node-\(number)")!, runtimes: ["process"],
                labels: ["rack": "r\(number % 20)", "disk": number % 40 < 20 ? "fast" : "slow"],
                capacity: ResourceSpec(
                    millicores: [8_000, 16_000, 64_000][number % 3], memory: [16, 64, 256][number % 3] << 30,
                    disk: 1 << 40))
        }
        let tasks = (0..<tasks).map { number in
            let workload = number / Self.replicas
            return TaskDefinition(
                name: WorkloadName(rawValue: "web-\(workload)")!, command: ["true"],
                resources: ResourceSpec(
                    millicores: 50 + workload * 37 % 200, memory: (16 + workload * 53 % 200) << 20),
                constraints: PlacementConstraints(labels: ["disk": "fast"], spread: "rack"))
        }
        return (nodes, tasks)
    }
}

/// Places tasks by looking at all nodes.
private struct FullScan {
    private var candidates: [Candidate]
    private var positions: [NodeName: Int] = [:]
    private var workload: WorkloadName?

    init(_ nodes: [NodeTraits]) {
        candidates = nodes.map { Candidate($0) }
        for (position, node) in nodes.enumerated() { positions[node.name] = position }
    }

    mutating func place(_ task: TaskDefinition) throws -> NodeName {
        if workload != task.name {
            for position in candidates.indices {
                candidates[position].siblings = 0
                candidates[position].domainSiblings = 0
            }
            workload = task.name
        }
        let demand = Demand(task, of: .default)
        let scheduler = Scheduler(policy: .spread, lastPicked: nil)
        guard case .node(let node) = scheduler.decide(demand, among: candidates), let place = positions[node] else {
            throw ValidationError("A task fits on no node.")
        }
        candidates[place].use.reserved = candidates[place].use.reserved + demand.resources
        candidates[place].use.tasks += 1
        candidates[place].siblings += 1
        let rack = candidates[place].traits.labels["rack"]
        for position in candidates.indices where candidates[position].traits.labels["rack"] == rack {
            candidates[position].domainSiblings += 1
        }
        return node
    }
}
