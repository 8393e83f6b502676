import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func workers(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/workers"
        let id = Input<NodeName>.path("id", "Name of the node.")
        return [
            Route(
                .post, prefix, .worker,
                Operation(
                    "registerWorker", "Registers a worker, or updates its address.", .ok(WorkerWelcome.self),
                    errors: [.foreignCluster]),
                .body(WorkerInfo.self)
            ) { _, worker in try .json(try await manager.register(worker)) },
            Route(
                .get, prefix, .reader, Operation("listWorkers", "Lists all nodes, by name.", .ok(NodeList.self))
            ) { _ in try .json(try await manager.nodes()) },
            Route(
                .get, "\(prefix)/{id}", .reader,
                Operation("getWorker", "Returns a node.", .ok(NodeInfo.self), errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.node(id)) },
            Route(
                .delete, "\(prefix)/{id}", .writer,
                Operation(
                    "removeWorker", "Removes a node. The tasks of a silent node end as stopped.",
                    .nothing("The node is removed."), errors: [.workerNotFound, .conflict]), id
            ) { _, id in
                try await manager.remove(id)
                return .noContent
            },
            Route(
                .post, "\(prefix)/{id}/drain", .writer,
                Operation(
                    "drainWorker", "Stops assigning new tasks to a node. Its tasks keep running.", .ok(NodeInfo.self),
                    errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.drain(id, true)) },
            Route(
                .delete, "\(prefix)/{id}/drain", .writer,
                Operation(
                    "resumeWorker", "Assigns tasks to a drained node again.", .ok(NodeInfo.self),
                    errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.drain(id, false)) },
        ]
    }
}
