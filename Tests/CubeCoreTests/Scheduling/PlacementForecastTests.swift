import CubeErrors
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// Compares forecasts with the placements of the manager.
struct PlacementForecastTests {
    private func forecast(_ cluster: TestCluster) -> PlacementForecast {
        let nodes = cluster.state.records.nodes.values.map { cluster.state.info(of: $0, lastSeenAt: nil) }
        let tasks = cluster.state.records.tasks.values.map(\.status)
        return PlacementForecast(nodes: nodes, tasks: tasks, policy: cluster.state.policy, prefersImages: true)
    }

    private func decision(_ task: TaskRecord?) throws -> Scheduler.Decision {
        let task = try #require(task)
        if case .pending(let cause) = task.phase { return .pending(cause) }
        return .node(try #require(task.phase.placement).node)
    }

    /// The policy `round_robin` is left out, because the API does not tell which node was picked last.
    @Test func `a forecast agrees with the placements of the manager for any tasks and any demand`() throws {
        var generator = SeededGenerator()
        var pending: [TaskReason: Int] = [:]
        for _ in 0..<200 {
            var cluster = TestCluster(policy: generator.pick([.spread, .binpack, .epvm]))
            for node in ["a", "b", "c", "d"].prefix(.random(in: 0...4, using: &generator)) {
                try cluster.join(
                    NodeName(rawValue: node)!, cpu: generator.pick([1000, 2000, 4000]),
                    runtimes: generator.pick([["process"], ["process", "docker"]]),
                    images: generator.pick([[], ["docker.io/library/x:latest"]]),
                    labels: generator.pick([[:], ["zone": "a"], ["zone": "b"]]))
            }
            if Bool.random(using: &generator),
                let node = cluster.state.records.nodes.keys.randomElement(using: &generator)
            {
                _ = try cluster.run { (transaction) throws(APIError) in try transaction.cordon(node) }
            }
            var asked = 0
            func next(_ cluster: TestCluster) -> TaskProposal {
                asked += 1
                let port: Int? = generator.pick([nil, nil, 80, 443])
                let ports = [port].compactMap(\.self).map { PortSpec(name: "p", host: $0) }
                return cluster.proposal(
                    generator.pick([.web, .db]), ordinal: asked, cpu: generator.pick([0, 500, 900, 5000]),
                    image: generator.pick([nil, nil, "x"]), ports: ports,
                    constraints: generator.pick([
                        .none, PlacementConstraints(spread: "zone"), PlacementConstraints(not: ["zone": "b"]),
                    ]))
            }
            for _ in 0..<Int.random(in: 0...6, using: &generator) { try cluster.schedule(next(cluster), maxLive: 100) }
            var forecast = forecast(cluster)
            for _ in 0..<6 {
                let proposal = next(cluster)
                let foreseen = forecast.place(proposal.definition, of: .manual)
                try cluster.schedule(proposal, maxLive: 100)
                #expect(try foreseen == decision(cluster.task(proposal.id)), "seed \(generator.seed)")
                if case .pending(let cause) = foreseen { pending[cause.reason, default: 0] += 1 }
            }
        }
        print("pending: \(pending.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" })")
    }

    @Test func `a task that ends frees its resources, and a draining node accepts no tasks`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, cpu: 1000)
        let first = cluster.proposal(.web, cpu: 800, ports: [PortSpec(name: "p", host: 80)])
        try cluster.schedule(first)
        var forecast = forecast(cluster)
        let next = cluster.proposal(.db, cpu: 900, ports: [PortSpec(name: "p", host: 80)]).definition
        guard case .pending(let cause) = forecast.place(next, of: .default) else {
            Issue.record("The resources are not free yet.")
            return
        }
        #expect(cause.reason == .noCapacity)
        forecast.free(first.id)
        #expect(forecast.place(next, of: .default) == .node(.w1))
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.cordon(.w1) }
        forecast = self.forecast(cluster)
        guard case .pending(let cause) = forecast.place(next, of: .default) else {
            Issue.record("No node accepts tasks.")
            return
        }
        #expect(cause.reason == .noNode)
    }
}
