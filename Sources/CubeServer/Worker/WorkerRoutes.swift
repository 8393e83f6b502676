import CubeErrors
import CubeTypes
import CubeWorker
import Hummingbird

extension Route.Access {
    /// Who may look at a worker: its manager too.
    static let onlooker: Route.Access = .roles([.read, .write, .worker])
}

extension RouteTable {
    private static let workerPrefix = "/api/v1/worker"
    private static let id = Input<TaskID>.path("id", "The task's id.")
    private static let term = Input<Int>.required(.integer("term", "The manager's incarnation."))
    private static let cluster = Input<ClusterID>.required(
        .identifier("cluster", as: ClusterID.self, "The manager's cluster."))
    /// What any command of a manager may be refused with.
    private static let commandErrors: [ErrorReason] = [.foreignCluster, .staleTerm]

    static func routes(of worker: WorkerService) -> [Route] { commands(worker) + looks(worker) }

    private static func commands(_ worker: WorkerService) -> [Route] {
        [
            Route(
                .post, "\(workerPrefix)/tasks", .worker,
                Operation(
                    "assignTask", "Takes a placement over; the same one again changes nothing.",
                    .json(201, WorkerTask.self, "It is written down."),
                    .ok(WorkerTask.self, "It is known; nothing was changed."), errors: commandErrors + [.conflict]),
                .body(TaskAssignment.self)
            ) { _, assignment in
                let (task, created) = try await worker.assign(assignment)
                return try .json(task, status: created ? .created : .ok)
            },
            Route(
                .get, "\(workerPrefix)/tasks", .worker,
                Operation(
                    "listTasks",
                    "What changed since a sequence number, or everything; it is the manager's heartbeat too.",
                    .ok(WorkerTaskList.self), errors: commandErrors),
                .integer("since", "All up to it is safely stored; answers what changed after it."),
                .text("incarnation", "That of the answer which the sequence number came with."),
                term, cluster, .wait("wait", "How long to wait for a change.")
            ) { call, since, incarnation, term, cluster, wait in
                try .json(
                    try await call.untilGone {
                        try await worker.list(
                            since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait)
                    })
            },
            Route(
                .delete, "\(workerPrefix)/tasks/{id}", .worker,
                Operation(
                    "stopTask", "Asks a placement to end; one that is not known will never start.",
                    .json(202, WorkerTask.self, "It is asked to end."), errors: commandErrors),
                id, .required(.integer("placement", "Which placement: a later one is left alone.")), term,
                cluster
            ) { _, id, placement, term, cluster in
                try .json(
                    try await worker.stop(id, placement: placement, term: term, cluster: cluster), status: .accepted)
            },
            Route(
                .put, "\(workerPrefix)/tasks/{id}/settings", .worker,
                Operation(
                    "updateTaskSettings", "Changes the settings of a placement that keeps running.",
                    .ok(WorkerTask.self), errors: commandErrors + [.taskNotFound, .conflict]),
                id, .body(TaskSettings.self)
            ) { _, id, settings in try .json(try await worker.updateSettings(id, settings)) },
        ]
    }

    private static func looks(_ worker: WorkerService) -> [Route] {
        [
            Route(
                .get, "\(workerPrefix)/tasks/{id}", .onlooker,
                Operation("getTask", "One placement.", .ok(WorkerTask.self), errors: [.taskNotFound]), id
            ) { _, id in try .json(try await worker.task(id)) },
            Route(
                .get, "\(workerPrefix)/tasks/{id}/logs", .onlooker,
                Operation("getTaskLogs", "What a task wrote.", .logs, errors: [.taskNotFound]), id, .tail, .since,
                .follow, .timestamps
            ) { call, id, tail, since, follow, timestamps in
                let selection = LogSelection(tail: tail, since: since, follow: follow, timestamps: timestamps)
                return call.logs(try await worker.logs(id, selection))
            },
            Route(
                .get, "\(workerPrefix)/info", .onlooker,
                Operation("getInfo", "What the worker is.", .ok(WorkerInfo.self))
            ) { _ in try .json(await worker.info()) },
            Route(
                .get, "\(workerPrefix)/status", .onlooker,
                Operation("getStatus", "How the worker is.", .ok(WorkerStatus.self))
            ) { _ in try .json(await worker.status()) },
            Route(
                .get, "\(workerPrefix)/metrics", .onlooker,
                Operation("getMetrics", "Figures of the machine and its tasks.", .ok(WorkerMetrics.self))
            ) { _ in try .json(try await worker.metrics()) },
        ]
    }
}
