import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func workers(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/workers"
        return [
            Route(.post, prefix, .worker) { call in try .json(try await manager.register(try await call.body())) },
            Route(.get, prefix, .reader) { _ in try .json(try await manager.nodes()) },
            Route(.get, "\(prefix)/{id}", .reader) { call in
                try .json(try await manager.node(try call.parameter("id")))
            },
            Route(.delete, "\(prefix)/{id}", .writer) { call in
                try await manager.remove(try call.parameter("id"))
                return .noContent
            },
            Route(.post, "\(prefix)/{id}/drain", .writer) { call in
                try .json(try await manager.drain(try call.parameter("id"), true))
            },
            Route(.delete, "\(prefix)/{id}/drain", .writer) { call in
                try .json(try await manager.drain(try call.parameter("id"), false))
            },
        ]
    }
}
