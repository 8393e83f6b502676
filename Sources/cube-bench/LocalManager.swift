import ArgumentParser
import CubeManager
import CubeSystem
import CubeTypes
import Logging
import SystemPackage

/// A manager in this process with a durable store, whose tasks run on ``SimulatedNodes``.
struct LocalManager {
    /// The number of tasks of a request.
    static let batch = BatchRequest.maximum
    /// The number of tasks of a workload.
    private static let replicas = 10
    /// The number of requests at the same time.
    private static let width = 4

    private let manager: ManagerService
    private let nodes: SimulatedNodes
    private var scheduled = 0

    /// Runs a manager on the data directory of a benchmark, in the form that `cube manager` finds it, until `body` returns.
    ///
    /// - Parameters:
    ///   - nodes: The number of nodes, which are ready when `body` begins.
    ///   - tasks: The number of tasks that have room on the nodes.
    static func run(
        in directory: String, nodes count: Int, tasks: Int, _ body: (inout LocalManager) async throws -> Void
    ) async throws {
        let place = FilePath("\(directory)/data/manager")
        try Directory.create(place)
        // The policy `spread` fills the nodes evenly. Nodes with room to spare do not depend on that.
        let nodes = try SimulatedNodes(count: count, capacity: 2 * (tasks / count + 1))
        let manager = try await ManagerService.open(
            store: try SQLiteStore.open(directory: place), gateway: nodes,
            logger: Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }, moment: { .now() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await manager.run() }
            var local = LocalManager(manager: manager, nodes: nodes)
            try await local.join()
            try await body(&local)
            group.cancelAll()
        }
    }

    private init(manager: ManagerService, nodes: SimulatedNodes) {
        self.manager = manager
        self.nodes = nodes
    }

    private func join() async throws {
        try await wait(for: "the manager") { await manager.isReady }
        for node in nodes.descriptions { _ = try await manager.register(node) }
        try await wait(for: "the nodes") { try await manager.cluster().nodes["ready"] == nodes.descriptions.count }
    }

    /// Schedules more tasks, and waits until all of them run and that is stored.
    mutating func run(_ count: Int) async throws {
        let first = scheduled
        scheduled += count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, start) in stride(from: first, to: scheduled, by: Self.batch).enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { [self] in try await schedule(start..<min(start + Self.batch, scheduled)) }
            }
            try await group.waitForAll()
        }
        // Counting the tasks of a cluster costs the manager time, so it is not asked before its calls are made.
        try await wait(for: "\(scheduled) running tasks") {
            guard nodes.assigned >= scheduled else { return false }
            return try await manager.cluster().tasks["running"] == scheduled
        }
    }

    private func schedule(_ indices: Range<Int>) async throws {
        let operations = try indices.map { BatchOperation.definition(try Self.definition($0)) }
        let answer = try await manager.batch(BatchRequest(owner: .manual, operations: operations))
        if let error = answer.results.lazy.compactMap(\.error).first { throw error }
    }

    private static func definition(_ index: Int) throws -> TaskDefinition {
        let name = try WorkloadName(checking: "bench-\(index / replicas)", field: "name")
        var definition = TaskDefinition(name: name, command: ["/usr/bin/web", "--port", "8080"])
        definition.id = "bench-\(index)"
        definition.env = ["LOG_LEVEL": "info", "SHARD": "7"]
        definition.resources = ResourceSpec(millicores: 100, memory: 64 << 20)
        return definition
    }

    private func wait(for what: String, until condition: () async throws -> Bool) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(900) {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ValidationError("\(what) did not come within 15 minutes")
    }
}
