import CubeCore
import CubeErrors
import CubeJSON
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func tasks(_ manager: ManagerService) -> [Route] {
        changing(manager) + reading(manager, ShownTasks(key: manager.digestKey))
            + exec(
                below: tasksPrefix, .writer,
                errors: [.taskNotFound, .workerNotFound, .conflict, .timeout, .malformedAnswer], manager)
    }

    private static let tasksPrefix = "\(managerPrefix)/tasks"
    private static let id = Input<TaskID>.path("id", "Id of the task.")
    /// The errors of any write for an owner.
    private static let writerErrors: [ErrorReason] = [.leaseRequired, .staleFence]

    private static func changing(_ manager: ManagerService) -> [Route] {
        [
            Route(
                .post, tasksPrefix, .writer,
                Operation(
                    "scheduleTask",
                    "Schedules a task. A plain definition is scheduled under the owner `manual`. For a known id, returns the stored task.",
                    .json(201, TaskStatus.self, "The task is accepted."),
                    .ok(TaskStatus.self, "The task is already known; nothing was changed."),
                    errors: writerErrors + [.staleAttempt, .maxLive, .conflict]),
                .body(TaskOrder.self)
            ) { _, order in
                let (task, created) =
                    switch order {
                    case .request(let request): try await manager.schedule(request)
                    case .definition(let definition): try await manager.schedule(definition)
                    }
                return try .json(task, status: created ? .created : .ok)
            },
            Route(
                .post, "\(tasksPrefix)/batch", .writer,
                Operation(
                    "batch", "Carries out operations of one owner, in order. Each succeeds or fails independently.",
                    .ok(BatchAnswer.self, "The result of each operation."), errors: writerErrors),
                takesBatch: true, .body(BatchRequest.self)
            ) { _, batch in try .json(try await manager.batch(batch)) },
            Route(
                .delete, "\(tasksPrefix)/{id}", .writer,
                Operation(
                    "stopTask", "Stops a task of any owner.", .json(202, TaskStatus.self, "The stop is requested."),
                    errors: [.taskNotFound]), id
            ) { _, id in try .json(try await manager.stop(id), status: .accepted) },
            Route(
                .post, "\(tasksPrefix)/{id}/adopt", .writer,
                Operation(
                    "adoptTask", "Transfers a live task to another owner without restarting it.", .ok(TaskStatus.self),
                    errors: [.taskNotFound, .ownerNotFound, .leaseHeld, .conflict, .maxLive]),
                id, .body(AdoptRequest.self)
            ) { _, id, request in try .json(try await manager.adopt(id, request)) },
            Route(
                .put, "\(tasksPrefix)/{id}/settings", .writer,
                Operation(
                    "updateTaskSettings", "Changes the settings of a task without restarting it.", .ok(TaskStatus.self),
                    errors: writerErrors + [.taskNotFound, .forbidden, .staleSettings, .illegalTransition]),
                id, .body(UpdateRequest.self)
            ) { _, id, request in
                guard request.update.id == id else {
                    throw APIError.invalid([
                        ValidationError(field: "update.id", value: "\(request.update.id)", message: "is not \(id)")
                    ])
                }
                return try .json(
                    try await manager.updateSettings(
                        request.update, owner: request.owner, fence: request.fence, pass: request.pass))
            },
        ]
    }

    private static func reading(_ manager: ManagerService, _ tasks: ShownTasks) -> [Route] {
        [
            Route(
                .get, tasksPrefix, .reader,
                Operation(
                    "listTasks", "Lists tasks in pages or, with `since`, the changes of an owner's tasks.",
                    .ok(
                        TasksAnswer.self,
                        "A page of tasks as of the revision of the first page; with `since`, the changes."),
                    errors: [.revisionGone]),
                .identifier("owner", as: OwnerName.self, "Only tasks of this owner. Required with `since`."),
                .identifier("name", as: WorkloadName.self, "Only tasks of workloads with this name."),
                .state("state", "Only tasks in this state."),
                .integer("limit", in: 1...ManagerService.pageLimit, "Maximum number of tasks per page. Default: 1000."),
                .text("cursor", "The `cursor` of the previous page."),
                .integer("since", "The revision of the previous list or changes. Returns the changes after it."),
                .integer("term", "The term of the response that contained this revision. Required with `since`."),
                .wait("wait", "Maximum time to wait, with `since`, for the first change.")
            ) { call, owner, name, state, limit, cursor, since, term, wait in
                guard let since else {
                    let page = try await manager.page(
                        owner: owner, name: name, state: state, limit: limit ?? ManagerService.pageLimit,
                        cursor: cursor)
                    return try .json(tasks.shown(page, to: call.role))
                }
                guard let owner, let term else {
                    throw APIError.invalid(
                        [("owner", owner == nil), ("term", term == nil)].filter(\.1).map {
                            ValidationError(field: $0.0, value: nil, message: "is missing")
                        })
                }
                let changes = try await call.untilGone {
                    try await manager.changedTasks(owner: owner, since: since, term: term, wait: wait)
                }
                return try .json(tasks.shown(changes, to: call.role))
            },
            Route(
                .get, "\(tasksPrefix)/{id}", .reader,
                Operation("getTask", "Returns a task.", .ok(TaskStatus.self), errors: [.taskNotFound]), id
            ) { call, id in try .json(bytes: tasks.shown(try manager.record(of: id), to: call.role)) },
            Route(
                .get, "\(tasksPrefix)/{id}/logs", .reader,
                Operation(
                    "getTaskLogs", "Streams the output of a task from its node.", .logs,
                    errors: [.taskNotFound, .workerNotFound, .conflict, .timeout, .malformedAnswer]),
                id, .tail, .since, .follow, .timestamps
            ) { call, id, tail, since, follow, timestamps in
                let selection = LogSelection(tail: tail, since: since, follow: follow, timestamps: timestamps)
                return call.logs(try await manager.logs(id, selection))
            },
        ]
    }
}

/// The body of `POST /tasks`: a ``ScheduleRequest``, or a ``TaskDefinition`` alone.
private enum TaskOrder: Decodable, Described {
    case request(ScheduleRequest)
    case definition(TaskDefinition)

    static let schema = Schema.oneOf([ScheduleRequest.schema, TaskDefinition.schema])

    /// Keys that a request has and a definition does not.
    private enum CodingKeys: String, CodingKey, CaseIterable { case owner, task }

    static func schema(for value: JSONValue) -> Schema {
        CodingKeys.allCases.allSatisfy { value[$0.rawValue] == nil } ? TaskDefinition.schema : ScheduleRequest.schema
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self).allKeys
        self =
            keys.isEmpty
            ? .definition(try TaskDefinition(from: decoder)) : .request(try ScheduleRequest(from: decoder))
    }
}

/// The response of `GET /tasks`: ``TaskList`` or ``TaskChanges``.
private enum TasksAnswer: Described {
    static let schema = Schema.oneOf([TaskList.schema, TaskChanges.schema])
}

extension Operation.Answer {
    static let logs = text(
        "text/plain", "A stream of standard output and standard error, in the order in which they were written.")
}

extension Input<Int?> {
    static let tail = integer(
        "tail", in: 0...1_000_000, "Number of lines to return, counted from the end. Default: all.")
}

extension Input<Timestamp?> {
    static let since = timestamp(
        "since", "Only output written since this time. Output without a known time is included.")
}

extension Input<Bool> {
    static let timestamps = flag(
        "timestamps", "Whether each line begins with the time when it was written, or with `-` if the time is unknown.")
    static let follow = flag("follow", "Whether to continue with new output until the task ends.")
}
