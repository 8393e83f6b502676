import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func owners(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/owners"
        return [
            Route(.get, prefix, .reader) { _ in try .json(try await manager.owners()) },
            Route(.get, "\(prefix)/{owner}", .reader) { call in
                try .json(try await manager.owner(try call.parameter("owner")))
            },
            Route(.delete, "\(prefix)/{owner}", .writer) { call in
                try await manager.forget(try call.parameter("owner"))
                return .noContent
            },
            Route(.put, "\(prefix)/{owner}/lease", .writer) { call in
                try .json(try await manager.lease(try call.parameter("owner"), try await call.body()))
            },
            Route(.put, "\(prefix)/{owner}/directives/{name}", .writer) { call in
                let directive = try await call.body(as: Directive.self)
                guard directive.name == call.parameters["name"] else {
                    throw APIError.invalid([
                        ValidationError(
                            field: "name", value: call.parameters["name"], message: "must be \(directive.name)")
                    ])
                }
                return try .json(try await manager.direct(try call.parameter("owner"), directive))
            },
        ]
    }
}
