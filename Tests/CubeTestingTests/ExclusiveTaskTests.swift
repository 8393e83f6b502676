import CubeManagerClient
import CubeTesting
import CubeTypes
import Testing

/// Exclusive tasks in a cluster on a manual clock.
@Suite struct ExclusiveTaskTests {
    private static let solo = TaskDefinition(name: "solo", command: ["solo"], exclusive: true)
    private static let plain = TaskDefinition(name: "plain", command: ["plain"])

    @Test func `an exclusive task of a node that is cut off ends, and only then starts elsewhere`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let solo = try await cluster.schedule(Self.solo)
            let node = try #require(solo.node).rawValue
            #expect(cluster.tasks.count == 1)
            try cluster.cutOff(node)
            var counts: [Int] = []
            for _ in 0..<150 {
                await cluster.advance(by: .milliseconds(100))
                counts.append(cluster.tasks.count)
            }
            // It runs, then it does not, and then it does again, on the other node.
            #expect(counts.first == 1 && counts.last == 1 && counts.contains(0) && !counts.contains(2))
            #expect(cluster.tasks.first?.node.rawValue != node)
            #expect(try await cluster.manager.task(solo.id).placement == 2)

            try cluster.reconnect(node)
            for _ in 0..<200 {
                await cluster.advance(by: .milliseconds(100))
                #expect(cluster.tasks.count == 1)
            }
            #expect(cluster.tasks.first?.node.rawValue != node)
        }
    }

    @Test func `a node that is cut off for less than its lease keeps its exclusive task`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let solo = try await cluster.schedule(Self.solo)
            let node = try #require(solo.node).rawValue
            await cluster.advance(by: .seconds(30))
            for _ in 0..<5 {
                try cluster.cutOff(node)
                await cluster.advance(by: .seconds(3))
                try cluster.reconnect(node)
                await cluster.advance(by: .seconds(5))
            }
            let status = try await cluster.manager.task(solo.id)
            #expect(status.placement == 1 && status.run == 1 && cluster.tasks.count == 1)
        }
    }

    @Test func `only the exclusive task ends while the manager is away, and it is started again`() async throws {
        try await TestCluster.run(nodes: ["a"]) { cluster in
            let solo = try await cluster.schedule(Self.solo)
            _ = try await cluster.schedule(Self.plain)
            try cluster.cutOff("a")
            await cluster.advance(by: .seconds(9))
            #expect(cluster.tasks.map(\.name) == ["plain"])
            try cluster.reconnect("a")
            await cluster.advance(by: .seconds(30))
            #expect(Set(cluster.tasks.map(\.name)) == ["plain", "solo"])
            #expect(try await cluster.manager.task(solo.id).placement == 2)
        }
    }
}
