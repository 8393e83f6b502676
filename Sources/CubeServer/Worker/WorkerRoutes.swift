import CubeErrors
import CubeTypes
import CubeWorker
import Hummingbird

extension Route.Access {
    /// Who may look at a worker: its manager too.
    static let onlooker: Route.Access = .roles([.read, .write, .worker])
}

extension RouteTable {
    static func worker(_ worker: WorkerService) -> [Route] {
        let prefix = "/api/v1/worker"
        return [
            Route(.post, "\(prefix)/tasks", .worker) { call in
                let (task, created) = try await worker.assign(try await call.body())
                return try .json(task, status: created ? .created : .ok)
            },
            Route(.get, "\(prefix)/tasks", .worker) { call in
                var query = call.query
                let since = query.integer("since")
                let incarnation = query.text("incarnation")
                let term = query.integer("term")
                let cluster = query.identifier("cluster", as: ClusterID.self)
                let wait = query.duration("wait", upTo: call.limits.longestWait) ?? .zero
                try query.finish(requiring: "term", "cluster")
                return try .json(
                    try await call.untilGone {
                        try await worker.list(
                            since: since, incarnation: incarnation, term: term!, cluster: cluster!, wait: wait)
                    })
            },
            Route(.get, "\(prefix)/tasks/{id}", .onlooker) { call in
                try .json(try await worker.task(try call.parameter("id")))
            },
            Route(.delete, "\(prefix)/tasks/{id}", .worker) { call in
                var query = call.query
                let placement = query.integer("placement")
                let term = query.integer("term")
                let cluster = query.identifier("cluster", as: ClusterID.self)
                try query.finish(requiring: "placement", "term", "cluster")
                return try .json(
                    try await worker.stop(
                        try call.parameter("id"), placement: placement!, term: term!, cluster: cluster!),
                    status: .accepted)
            },
            Route(.put, "\(prefix)/tasks/{id}/settings", .worker) { call in
                try .json(try await worker.updateSettings(try call.parameter("id"), try await call.body()))
            },
            Route(.get, "\(prefix)/tasks/{id}/logs", .onlooker) { call in
                try await call.logs { try await worker.logs($0, tail: $1, follow: $2) }
            },
            Route(.get, "\(prefix)/info", .onlooker) { _ in try .json(await worker.info()) },
            Route(.get, "\(prefix)/status", .onlooker) { _ in try .json(await worker.status()) },
            Route(.get, "\(prefix)/metrics", .onlooker) { _ in try .json(try await worker.metrics()) },
        ]
    }
}
