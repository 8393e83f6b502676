import CubeErrors
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// The constraint `spread`, in the placements of the manager.
struct SpreadTests {
    private static let zone = PlacementConstraints(spread: "zone")

    private func zones(_ cluster: TestCluster, of name: WorkloadName = .web) -> [String: Int] {
        let nodes = cluster.state.records.tasks.values.filter { $0.slot.name == name }.compactMap {
            $0.phase.placement?.node
        }
        let labels = nodes.map { cluster.state.records.nodes[$0]?.worker.labels["zone"] ?? "none" }
        return Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test(arguments: SchedulingPolicy.all)
    func `Replicas are balanced over the zones to within one, whatever the policy and the number of nodes of a zone`(
        policy: SchedulingPolicy
    ) throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        for _ in 0..<40 {
            var cluster = TestCluster(policy: policy)
            let names = ["a", "b", "c"].prefix(.random(in: 1...3, using: &random))
            for zone in names {
                for index in 0..<Int.random(in: 1...4, using: &random) {
                    try cluster.join(NodeName(rawValue: "\(zone)\(index)")!, cpu: 100_000, labels: ["zone": zone])
                }
            }
            for index in 0..<Int.random(in: 0...2, using: &random) {
                try cluster.join(NodeName(rawValue: "x\(index)")!, cpu: 100_000)
            }
            for ordinal in 0..<Int.random(in: 1...9, using: &random) {
                // Other workloads fill the nodes unevenly.
                try cluster.schedule(
                    cluster.proposal(.db, ordinal: ordinal, cpu: random.pick([0, 700, 5000])), maxLive: 100)
                try cluster.schedule(
                    cluster.proposal(.web, ordinal: ordinal, cpu: 100, constraints: Self.zone), maxLive: 100)
                let counts = names.map { zones(cluster)[$0] ?? 0 }
                #expect(counts.max()! - counts.min()! <= 1, "\(counts)")
                #expect(zones(cluster)["none"] == nil)
            }
        }
    }

    @Test func `A full zone is passed over, and gets the next task when it has room again`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, cpu: 1000, labels: ["zone": "a"])
        try cluster.join(.w2, cpu: 4000, labels: ["zone": "b"])
        let filler = try cluster.schedule(cluster.proposal(.db, cpu: 600)).task
        #expect(filler.node == .w2 || filler.node == .w1)
        let full = try #require(filler.node)
        for ordinal in 0..<3 {
            try cluster.schedule(cluster.proposal(.web, ordinal: ordinal, cpu: 450, constraints: Self.zone))
        }
        #expect(zones(cluster).values.reduce(0, +) == 3)
        try cluster.stop(filler.id)
        try cluster.report([cluster.report(filler.id, .stopped)], from: full)
        let next = try cluster.schedule(cluster.proposal(.web, ordinal: 3, cpu: 450, constraints: Self.zone)).task
        #expect(next.node != nil)
        let counts = zones(cluster)
        #expect(counts["a"] == 2 && counts["b"] == 2, "\(counts)")
    }

    @Test func `A node without the label gets a task only if no other node can run it`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, cpu: 1000, labels: ["zone": "a"])
        try cluster.join(.w2, cpu: 64_000)
        let nodes = try (0..<4).map { ordinal in
            try cluster.schedule(cluster.proposal(.web, ordinal: ordinal, cpu: 400, constraints: Self.zone)).task.node
        }
        #expect(nodes == [.w1, .w1, .w2, .w2])
    }

    @Test func `A task is not pending because no node has the label, and the policy then decides`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        try cluster.join(.w2)
        let nodes = try (0..<4).map { ordinal in
            try cluster.schedule(cluster.proposal(.web, ordinal: ordinal, constraints: Self.zone)).task.node
        }
        #expect(nodes == [.w1, .w2, .w1, .w2])
    }

    @Test func `Tasks on a node that takes no tasks count in its zone`() throws {
        var cluster = TestCluster()
        let other = NodeName(rawValue: "w3")!
        try cluster.join(.w1, labels: ["zone": "a"])
        try cluster.join(.w2, labels: ["zone": "b"])
        for ordinal in 0..<2 {
            try cluster.schedule(cluster.proposal(.web, ordinal: ordinal, constraints: Self.zone))
        }
        let ending = try #require(cluster.state.index.load(of: .w2).tasks.first)
        try cluster.stop(ending)
        try cluster.report([cluster.report(ending, .stopped)], from: .w2)
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.cordon(.w1) }
        try cluster.join(other, cpu: 64_000, labels: ["zone": "a"])
        // Zone a has a task on the draining node, so zone b is next, although the new node of zone a has more room.
        #expect(zones(cluster) == ["a": 1])
        #expect(try cluster.schedule(cluster.proposal(.web, ordinal: 2, constraints: Self.zone)).task.node == .w2)
    }
}
