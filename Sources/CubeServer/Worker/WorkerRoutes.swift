import CubeErrors
import CubeJSON
import CubeTypes
import CubeWorker
import Hummingbird

extension Route.Access {
    /// Who may look at a worker: its manager too.
    static let onlooker: Route.Access = .roles([.read, .write, .worker])
    /// Who may give a worker tasks: its manager, and a person where it stands alone.
    static let giver: Route.Access = .roles([.write, .worker])
}

extension RouteTable {
    private static let workerPrefix = "/api/v1/worker"
    private static let id = Input<TaskID>.path("id", "The task's id.")
    private static let term = Input<Int>.required(.integer("term", "The manager's incarnation."))
    private static let cluster = Input<ClusterID>.required(
        .identifier("cluster", as: ClusterID.self, "The manager's cluster."))
    private static let stopNames = ["placement", "term", "cluster"]
    /// What any command of a manager may be refused with.
    private static let commandErrors: [ErrorReason] = [.foreignCluster, .staleTerm]

    static func routes(of worker: WorkerService) -> [Route] { commands(worker) + looks(worker) }

    private static func commands(_ worker: WorkerService) -> [Route] {
        [
            Route(
                .post, "\(workerPrefix)/tasks", .giver,
                Operation(
                    "assignTask",
                    "Takes a placement over from the manager, or a task by its definition alone where the worker belongs to no "
                        + "manager's cluster; the same one again changes nothing.",
                    .json(201, WorkerTask.self, "It is written down."),
                    .ok(WorkerTask.self, "It is known; nothing was changed."), errors: commandErrors + [.conflict]),
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
                .delete, "\(workerPrefix)/tasks/{id}", .giver,
                Operation(
                    "stopTask",
                    "Asks a placement to end; one that is not known will never start. Without a query it asks a task to end that "
                        + "the worker was given alone.",
                    .json(202, WorkerTask.self, "It is asked to end."),
                    errors: commandErrors + [.taskNotFound, .conflict]),
                id, .together(.integer("placement", "Which placement: a later one is left alone."), with: stopNames),
                .together(.integer("term", "The manager's incarnation."), with: stopNames),
                .together(.identifier("cluster", as: ClusterID.self, "The manager's cluster."), with: stopNames)
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

/// The body of a worker's `POST /tasks`: a ``TaskAssignment``, or a ``TaskDefinition`` alone.
private enum WorkerOrder: Decodable, Described {
    case assignment(TaskAssignment)
    case definition(TaskDefinition)

    static let schema = Schema.oneOf([TaskAssignment.schema, TaskDefinition.schema])

    /// What a definition has none of.
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
    /// What only a manager may say, on a route that others may call too.
    ///
    /// - Throws: `forbidden` where a person does.
    fileprivate func ofManager<Value>(_ value: Value) throws(APIError) -> Value {
        guard let role, role != .worker else { return value }
        throw APIError(
            .forbidden,
            "this call needs the role \(TokenSet.Role.worker.rawValue); the token has the role \(role.rawValue)")
    }
}
