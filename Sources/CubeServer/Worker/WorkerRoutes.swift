import CubeErrors
import CubeJSON
import CubeTypes
import CubeWorker
import Hummingbird

extension Route.Access {
    /// Access for reading from a worker, which its manager also has.
    static let onlooker: Route.Access = .roles([.read, .write, .worker])
    /// Access for assigning tasks to a worker and running commands beside them: its manager or, if it has no manager, a user.
    static let giver: Route.Access = .roles([.write, .worker])
}

extension RouteTable {
    private static let workerPrefix = "/api/v1/worker"
    private static let id = Input<TaskID>.path("id", "Id of the task.")
    private static let term = Input<Int>.required(.integer("term", "The manager's term."))
    private static let cluster = Input<ClusterID>.required(
        .identifier("cluster", as: ClusterID.self, "The manager's cluster id."))
    private static let stopNames = ["placement", "term", "cluster"]
    /// The errors of any command of a manager.
    private static let commandErrors: [ErrorReason] = [.foreignCluster, .staleTerm]

    static func routes(of worker: WorkerService) -> [Route] {
        commands(worker) + [removal(worker)] + looks(worker)
            + exec(below: "\(workerPrefix)/tasks", .giver, errors: [.taskNotFound, .conflict], worker) { call in
                guard call.isOfUser else { return }
                try await worker.requireNoManager("run the command there with cube exec")
            }
    }

    private static func removal(_ worker: WorkerService) -> Route {
        Route(
            .delete, "\(workerPrefix)/volumes/{owner}/{name}", .worker,
            Operation(
                "removeVolume", "Removes a named volume with its data. A missing volume is no error.",
                .nothing("The volume is gone."), errors: commandErrors + [.conflict]),
            .path("owner", as: OwnerName.self, "Owner of the volume."),
            .path("name", as: VolumeName.self, "Name of the volume."), term, cluster
        ) { _, owner, name, term, cluster in
            try await worker.removeVolume(name, of: owner, term: term, cluster: cluster)
            return .noContent
        }
    }

    private static func commands(_ worker: WorkerService) -> [Route] {
        [
            Route(
                .post, "\(workerPrefix)/tasks", .giver,
                Operation(
                    "assignTask",
                    "Assigns a placement to the worker or, if the worker has no manager, a task by its plain definition. "
                        + "Repeating the call changes nothing.",
                    .json(201, WorkerTask.self, "The task is recorded durably."),
                    .ok(WorkerTask.self, "The task is already known; nothing was changed."),
                    errors: commandErrors + [.conflict]),
                .body(WorkerOrder.self)
            ) { call, order in
                let (task, created) =
                    switch order {
                    case .assignment(let assignment): try await worker.assign(call.ofManager(assignment))
                    case .definition(let definition): try await worker.submit(definition)
                    }
                return try .json(task, status: created ? .created : .ok)
            },
            Route(
                .post, "\(workerPrefix)/tasks/batch", .worker,
                Operation(
                    "batch",
                    "Carries out operations about different tasks. Each succeeds or fails independently; repeating it changes "
                        + "nothing.",
                    .ok(WorkerBatchAnswer.self, "The result of each operation, recorded durably."),
                    errors: commandErrors),
                takesBatch: true, .body(WorkerBatch.self)
            ) { _, batch in try .json(WorkerBatchAnswer(results: try await worker.carryOut(batch))) },
            Route(
                .get, "\(workerPrefix)/tasks", .worker,
                Operation(
                    "listTasks",
                    "Lists the changes since a sequence number, or all tasks. This call is also the manager's heartbeat.",
                    .ok(WorkerTaskList.self), errors: commandErrors),
                .integer(
                    "since", "Acknowledges all changes up to this sequence number, and returns the changes after it."),
                .text("incarnation", "The incarnation of the response that contained the sequence number."),
                .text(
                    "receipt",
                    "The `receipt` of the last response. With `lease`, it renews the lease of exclusive tasks."),
                .duration("lease", "How long the manager waits for the worker before it takes it for lost."),
                term, cluster, .wait("wait", "Maximum time to wait for a change.")
            ) { call, since, incarnation, receipt, lease, term, cluster, wait in
                try .json(
                    try await call.untilGone {
                        try await worker.list(
                            since: since, incarnation: incarnation, term: term, cluster: cluster, wait: wait,
                            renewing: lease.map { LeaseRenewal(receipt: receipt, length: $0) })
                    })
            },
            Route(
                .delete, "\(workerPrefix)/tasks/{id}", .giver,
                Operation(
                    "stopTask",
                    "Stops a placement. An unknown placement will never start. Without query parameters, stops a task that was "
                        + "assigned to the worker without a manager.",
                    .json(202, WorkerTask.self, "The stop is requested."),
                    errors: commandErrors + [.taskNotFound, .conflict]),
                id,
                .together(
                    .integer("placement", "The placement to stop. A later one is not affected."), with: stopNames),
                .together(.integer("term", "The manager's term."), with: stopNames),
                .together(.identifier("cluster", as: ClusterID.self, "The manager's cluster id."), with: stopNames)
            ) { call, id, placement, term, cluster in
                guard let placement, let term, let cluster else {
                    return try .json(try await worker.stop(id), status: .accepted)
                }
                return try .json(
                    try await worker.stop(id, placement: call.ofManager(placement), term: term, cluster: cluster),
                    status: .accepted)
            },
            Route(
                .put, "\(workerPrefix)/tasks/{id}/settings", .worker,
                Operation(
                    "updateTaskSettings", "Changes the settings of a placement without restarting it.",
                    .ok(WorkerTask.self), errors: commandErrors + [.taskNotFound, .conflict]),
                id, .body(TaskSettings.self)
            ) { _, id, settings in try .json(try await worker.updateSettings(id, settings)) },
        ]
    }

    private static func looks(_ worker: WorkerService) -> [Route] {
        [
            Route(
                .get, "\(workerPrefix)/tasks/{id}", .onlooker,
                Operation("getTask", "Returns a placement.", .ok(WorkerTask.self), errors: [.taskNotFound]), id
            ) { _, id in try .json(try await worker.task(id)) },
            Route(
                .get, "\(workerPrefix)/tasks/{id}/logs", .onlooker,
                Operation("getTaskLogs", "Streams the output of a task.", .logs, errors: [.taskNotFound]), id, .tail,
                .since,
                .follow, .timestamps
            ) { call, id, tail, since, follow, timestamps in
                let selection = LogSelection(tail: tail, since: since, follow: follow, timestamps: timestamps)
                return call.logs(try await worker.logs(id, selection))
            },
            Route(
                .get, "\(workerPrefix)/info", .onlooker,
                Operation("getInfo", "Returns a description of the worker.", .ok(WorkerInfo.self))
            ) { _ in try .json(await worker.info()) },
            Route(
                .get, "\(workerPrefix)/status", .onlooker,
                Operation("getStatus", "Returns the status of the worker.", .ok(WorkerStatus.self))
            ) { _ in try .json(await worker.status()) },
            Route(
                .get, "\(workerPrefix)/metrics", .onlooker,
                Operation("getMetrics", "Returns metrics of the machine and its tasks.", .ok(WorkerMetrics.self))
            ) { _ in try .json(try await worker.metrics()) },
        ]
    }
}

/// The body of a worker's `POST /tasks`: a ``TaskAssignment``, or a ``TaskDefinition`` alone.
private enum WorkerOrder: Decodable, Described {
    case assignment(TaskAssignment)
    case definition(TaskDefinition)

    static let schema = Schema.oneOf([TaskAssignment.schema, TaskDefinition.schema])

    /// Keys that an assignment has and a definition does not.
    private enum CodingKeys: String, CodingKey, CaseIterable { case cluster, term, placement, definition }

    static func schema(for value: JSONValue) -> Schema {
        CodingKeys.allCases.allSatisfy { value[$0.rawValue] == nil } ? TaskDefinition.schema : TaskAssignment.schema
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self).allKeys
        self =
            keys.isEmpty
            ? .definition(try TaskDefinition(from: decoder)) : .assignment(try TaskAssignment(from: decoder))
    }
}

extension Call {
    /// Whether the token of the caller is not one of a manager.
    fileprivate var isOfUser: Bool { role.map { $0 != .worker } ?? false }

    /// Returns a value that only a manager may send, on a route that others may also call.
    ///
    /// - Throws: `forbidden` if the caller is not a manager.
    fileprivate func ofManager<Value>(_ value: Value) throws(APIError) -> Value {
        guard let role, isOfUser else { return value }
        throw APIError(
            .forbidden,
            "this call requires the role \(TokenSet.Role.worker.rawValue), but the token has the role \(role.rawValue)")
    }
}
