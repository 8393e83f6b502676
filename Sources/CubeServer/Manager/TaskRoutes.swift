import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func tasks(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/tasks"
        return [
            Route(.post, prefix, .writer) { call in
                let (task, created) = try await manager.schedule(try await call.body())
                return try .json(task, status: created ? .created : .ok)
            },
            Route(.post, "\(prefix)/batch", .writer, takesBatch: true) { call in
                let batch = try await call.body(as: BatchRequest.self)
                guard batch.operations.count <= BatchRequest.maximum else {
                    throw APIError.invalid([
                        ValidationError(
                            field: "operations", value: "\(batch.operations.count)",
                            message: "is above \(BatchRequest.maximum)")
                    ])
                }
                return try .json(try await manager.batch(batch))
            },
            Route(.get, prefix, .reader) { call in
                var query = call.query
                return query.has("since")
                    ? try await changes(manager, call, &query) : try await list(manager, call, &query)
            },
            Route(.get, "\(prefix)/{id}", .reader) { call in
                try .json(call.shown(try await manager.task(try call.parameter("id"))))
            },
            Route(.delete, "\(prefix)/{id}", .writer) { call in
                try .json(try await manager.stop(try call.parameter("id")), status: .accepted)
            },
            Route(.put, "\(prefix)/{id}/settings", .writer) { call in
                let id: TaskID = try call.parameter("id")
                let request = try await call.body(as: UpdateRequest.self)
                guard request.update.id == id else {
                    throw APIError.invalid([
                        ValidationError(field: "update.id", value: "\(request.update.id)", message: "is not \(id)")
                    ])
                }
                return try .json(
                    try await manager.updateSettings(
                        request.update, owner: request.owner, fence: request.fence, pass: request.pass))
            },
            Route(.get, "\(prefix)/{id}/logs", .reader) { call in
                try await call.logs { try await manager.logs($0, tail: $1, follow: $2) }
            },
        ]
    }

    private static func list(
        _ manager: ManagerService, _ call: Call, _ query: inout QueryReader
    ) async throws -> Response {
        let owner = query.identifier("owner", as: OwnerName.self)
        let name = query.identifier("name", as: WorkloadName.self)
        let state = query.text("state").map(TaskState.init(rawValue:))
        let limit = query.integer("limit", in: 1...1000) ?? 1000
        let cursor = query.text("cursor")
        try query.finish()
        var list = try await manager.list(owner: owner, name: name, state: state, limit: limit, cursor: cursor)
        list.tasks = list.tasks.map(call.shown)
        return try .json(list)
    }

    private static func changes(
        _ manager: ManagerService, _ call: Call, _ query: inout QueryReader
    ) async throws -> Response {
        let owner = query.identifier("owner", as: OwnerName.self)
        let since = query.integer("since")
        let term = query.integer("term")
        let wait = query.duration("wait", upTo: call.limits.longestWait) ?? .zero
        try query.finish(requiring: "owner", "since", "term")
        var changes = try await call.untilGone {
            try await manager.changes(owner: owner!, since: since!, term: term!, wait: wait)
        }
        changes.changed = changes.changed.map(call.shown)
        return try .json(changes)
    }
}

extension Call {
    /// What stands for a value of `env` that the caller may not see.
    private static let hidden = "<hidden>"

    /// The task as the caller may see it: the role `read` gets the names of `env` only.
    fileprivate func shown(_ task: TaskStatus) -> TaskStatus {
        guard role == .read else { return task }
        var task = task
        task.definition.env = task.definition.env.mapValues { _ in Self.hidden }
        return task
    }
}
