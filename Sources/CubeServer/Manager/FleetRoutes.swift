import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func workers(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/workers"
        let id = Input<NodeName>.path("id", "The name of the node.")
        return [
            Route(
                .post, prefix, .worker,
                Operation(
                    "registerWorker", "Takes a worker in, or takes note of its new address.", .ok(WorkerWelcome.self),
                    errors: [.foreignCluster]),
                .body(WorkerInfo.self)
            ) { _, worker in try .json(try await manager.register(worker)) },
            Route(
                .get, prefix, .reader, Operation("listWorkers", "All nodes, by name.", .ok(NodeList.self))
            ) { _ in try .json(try await manager.nodes()) },
            Route(
                .get, "\(prefix)/{id}", .reader,
                Operation("getWorker", "One node.", .ok(NodeInfo.self), errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.node(id)) },
            Route(
                .delete, "\(prefix)/{id}", .writer,
                Operation(
                    "removeWorker", "Forgets a node; the tasks of one that is silent end as stopped.",
                    .nothing("It is forgotten."), errors: [.workerNotFound, .conflict]), id
            ) { _, id in
                try await manager.remove(id)
                return .noContent
            },
            Route(
                .post, "\(prefix)/{id}/drain", .writer,
                Operation(
                    "drainWorker", "Lets a node take no new tasks; it keeps those that it has.", .ok(NodeInfo.self),
                    errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.drain(id, true)) },
            Route(
                .delete, "\(prefix)/{id}/drain", .writer,
                Operation(
                    "resumeWorker", "Lets a node take tasks again.", .ok(NodeInfo.self), errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.drain(id, false)) },
        ]
    }
}
