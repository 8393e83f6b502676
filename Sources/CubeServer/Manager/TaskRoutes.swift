import CubeCore
import CubeErrors
import CubeJSON
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func tasks(_ manager: ManagerService) -> [Route] { changing(manager) + reading(manager) }

    private static let tasksPrefix = "\(managerPrefix)/tasks"
    private static let id = Input<TaskID>.path("id", "The task's id.")
    /// What any write for an owner may be refused with.
    private static let writerErrors: [ErrorReason] = [.leaseRequired, .staleFence]

    private static func changing(_ manager: ManagerService) -> [Route] {
        [
            Route(
                .post, tasksPrefix, .writer,
                Operation(
                    "scheduleTask",
                    "Schedules a task, by a definition alone under the owner `manual`; a known one is answered as it is.",
                    .json(201, TaskStatus.self, "It is accepted."),
                    .ok(TaskStatus.self, "It is known; nothing was changed."),
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
                    "batch", "Carries out operations of one owner, each for itself and in their order.",
                    .ok(BatchAnswer.self, "What became of each."), errors: writerErrors),
                takesBatch: true, .body(BatchRequest.self)
            ) { _, batch in try .json(try await manager.batch(batch)) },
            Route(
                .delete, "\(tasksPrefix)/{id}", .writer,
                Operation(
                    "stopTask", "Stops a task, whoever owns it.", .json(202, TaskStatus.self, "It is asked to stop."),
                    errors: [.taskNotFound]), id
            ) { _, id in try .json(try await manager.stop(id), status: .accepted) },
            Route(
                .post, "\(tasksPrefix)/{id}/adopt", .writer,
                Operation(
                    "adoptTask", "Gives a live task to another owner; what runs is not touched.", .ok(TaskStatus.self),
                    errors: [.taskNotFound, .ownerNotFound, .leaseHeld, .conflict, .maxLive]),
                id, .body(AdoptRequest.self)
            ) { _, id, request in try .json(try await manager.adopt(id, request)) },
            Route(
                .put, "\(tasksPrefix)/{id}/settings", .writer,
                Operation(
                    "updateTaskSettings", "Changes the settings of a task that keeps running.", .ok(TaskStatus.self),
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

    private static func reading(_ manager: ManagerService) -> [Route] {
        [
            Route(
                .get, tasksPrefix, .reader,
                Operation(
                    "listTasks", "Tasks, page by page; or, with `since`, what changed of an owner's.",
                    .ok(
                        TasksAnswer.self, "A page, all pages at the revision of the first; with `since` the changes."),
                    errors: [.revisionGone]),
                .identifier("owner", as: OwnerName.self, "Tasks of this owner alone. Required with `since`."),
                .identifier("name", as: WorkloadName.self, "Tasks of workloads of this name alone."),
                .state("state", "Tasks in this state alone."),
                .integer("limit", in: 1...ManagerService.pageLimit, "The length of a page; 1000 where it is left out."),
                .text("cursor", "That of the page before."),
                .integer("since", "The revision of the list or the changes before: answers what changed after it."),
                .integer("term", "The term that came with that revision. Required with `since`."),
                .wait("wait", "How long to wait, with `since`, for the first change.")
            ) { call, owner, name, state, limit, cursor, since, term, wait in
                guard let since else {
                    let list = try await manager.list(
                        owner: owner, name: name, state: state, limit: limit ?? ManagerService.pageLimit,
                        cursor: cursor)
                    return try .json(call.shown(list, manager.digestKey))
                }
                guard let owner, let term else {
                    throw APIError.invalid(
                        [("owner", owner == nil), ("term", term == nil)].filter(\.1).map {
                            ValidationError(field: $0.0, value: nil, message: "is missing")
                        })
                }
                return try .json(
                    call.shown(
                        try await call.untilGone {
                            try await manager.changes(owner: owner, since: since, term: term, wait: wait)
                        }, manager.digestKey))
            },
            Route(
                .get, "\(tasksPrefix)/{id}", .reader,
                Operation("getTask", "One task.", .ok(TaskStatus.self), errors: [.taskNotFound]), id
            ) { call, id in try .json(call.shown(try await manager.task(id), manager.digestKey)) },
            Route(
                .get, "\(tasksPrefix)/{id}/logs", .reader,
                Operation(
                    "getTaskLogs", "What a task wrote, as its node gives it.", .logs,
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

    /// What a definition has none of.
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

/// The answer of `GET /tasks`: ``TaskList`` or ``TaskChanges``.
private enum TasksAnswer: Described {
    static let schema = Schema.oneOf([TaskList.schema, TaskChanges.schema])
}

extension Operation.Answer {
    static let logs = text("text/plain", "Standard output and standard error as they were written, streamed.")
}

extension Input<Int?> {
    static let tail = integer("tail", in: 0...1_000_000, "How many of the last lines; all where it is left out.")
}

extension Input<Timestamp?> {
    static let since = timestamp(
        "since", "Only what was written from then on. Output whose time is not known is not left out.")
}

extension Input<Bool> {
    static let timestamps = flag(
        "timestamps", "Whether each line begins with the time at which it was written, or `-` where that is not known.")
    static let follow = flag("follow", "Whether to go on with what is written from now on, until the task ends.")
}

extension Call {
    /// The task as the caller may see it: the role `read` gets the names of `env` only, and digests under the cluster's key.
    fileprivate func shown(_ task: TaskStatus, _ key: DigestKey) -> TaskStatus {
        guard role == .read else { return task }
        var task = task.keyed(by: key)
        task.definition.env = task.definition.env.mapValues { _ in TaskDefinition.hiddenValue }
        return task
    }

    fileprivate func shown(_ slots: [SlotStatus], _ key: DigestKey) -> [SlotStatus] {
        role == .read ? slots.map { $0.keyed(by: key) } : slots
    }

    fileprivate func shown(_ list: TaskList, _ key: DigestKey) -> TaskList {
        var list = list
        list.tasks = list.tasks.map { shown($0, key) }
        list.slots = shown(list.slots, key)
        if role != .read { list.digestKey = key.hexadecimal }
        return list
    }

    fileprivate func shown(_ changes: TaskChanges, _ key: DigestKey) -> TaskChanges {
        var changes = changes
        changes.changed = changes.changed.map { shown($0, key) }
        changes.slots = shown(changes.slots, key)
        return changes
    }
}
