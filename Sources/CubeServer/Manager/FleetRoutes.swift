import CubeCertificates
import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func workers(_ manager: ManagerService, _ desk: CertificateDesk?) -> [Route] {
        let prefix = "\(managerPrefix)/workers"
        let id = Input<NodeName>.path("id", "Name of the node.")
        return [
            Route(
                .post, prefix, .worker,
                Operation(
                    "registerWorker", "Registers a worker, or updates its address.", .ok(WorkerWelcome.self),
                    errors: [.foreignCluster]),
                .body(WorkerInfo.self)
            ) { call, worker in
                try call.requireWorker(worker)
                return try .json(try await manager.register(worker))
            },
            Route(
                .get, prefix, .reader, Operation("listWorkers", "Lists all nodes, by name.", .ok(NodeList.self))
            ) { _ in try .json(try await manager.nodes()) },
            Route(
                .get, "\(prefix)/{id}", .reader,
                Operation("getWorker", "Returns a node.", .ok(NodeInfo.self), errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.node(id)) },
            Route(
                .get, "\(prefix)/{id}/metrics", .reader,
                Operation(
                    "getWorkerMetrics", "Returns the metrics of a node and of its tasks, from its worker.",
                    .ok(WorkerMetrics.self), errors: [.workerNotFound, .unavailable]), id
            ) { _, id in try .json(try await manager.metrics(of: id)) },
            Route(
                .delete, "\(prefix)/{id}", .writer,
                Operation(
                    "removeWorker",
                    "Removes a node, and revokes its certificates. The tasks of a silent node end as stopped.",
                    .nothing("The node is removed."), errors: [.workerNotFound, .conflict]), id
            ) { _, id in
                guard let desk else {
                    try await manager.remove(id)
                    return .noContent
                }
                try await desk.revoke(id) { try await manager.remove(id) }
                return .noContent
            },
        ] + draining(manager, prefix, id)
    }

    private static func draining(_ manager: ManagerService, _ prefix: String, _ id: Input<NodeName>) -> [Route] {
        [
            Route(
                .post, "\(prefix)/{id}/cordon", .writer,
                Operation(
                    "cordonWorker", "Stops assigning new tasks to a node. Its tasks keep running.", .ok(NodeInfo.self),
                    errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.cordon(id)) },
            Route(
                .delete, "\(prefix)/{id}/cordon", .writer,
                Operation(
                    "uncordonWorker", "Assigns new tasks to a node again, and ends its drain.", .ok(NodeInfo.self),
                    errors: [.workerNotFound]), id
            ) { _, id in try .json(try await manager.uncordon(id)) },
            Route(
                .post, "\(prefix)/{id}/drain", .writer,
                Operation(
                    "drainWorker",
                    "Cordons a node and moves its tasks to other nodes, within the limits of their update policies. The drain "
                        + "lasts until the node is uncordoned.",
                    .ok(NodeDrain.self), errors: [.workerNotFound]), id, .body(DrainRequest.self)
            ) { _, id, request in try .json(try await manager.drain(id, request)) },
            Route(
                .get, "\(prefix)/{id}/drain", .reader,
                Operation(
                    "getDrain",
                    "Returns what is left to do of the drain of a node, or what a drain would do now; with `since`, waits for a "
                        + "change.",
                    .ok(NodeDrain.self), errors: [.workerNotFound]), id,
                .flag("jobs", "Whether jobs are evicted too, if the node is not being drained."),
                .integer(
                    "since",
                    "The revision of the last response. The call waits until a task or a node changes after it."),
                .wait("wait", "Maximum time to wait, with `since`, for a change.")
            ) { call, id, jobs, since, wait in
                let request = DrainRequest(jobsAfter: jobs ? .zero : nil)
                return try .json(
                    try await call.untilGone {
                        try await manager.drain(of: id, otherwise: request, since: since, wait: wait)
                    })
            },
        ]
    }
}
