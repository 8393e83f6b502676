import CubeErrors
import CubeVersion
import Hummingbird

extension RouteTable {
    /// The routes at the root of every server, which require no token.
    ///
    /// - Parameter obstacle: The reason why the program is not ready; `nil` if it is.
    static func root(obstacle: @Sendable @escaping () async -> Obstacle?) -> [Route] {
        [
            Route(
                .get, "/healthz", .everybody,
                Operation(
                    "getHealth", "Checks whether the program is alive.", .ok(Health.self, "The program is alive."))
            ) { _ in try .json(Health(status: "ok")) },
            Route(
                .get, "/readyz", .everybody,
                Operation(
                    "getReadiness", "Checks whether the program is ready. The error says why it is not.",
                    .ok(Health.self, "The program is ready."))
            ) { _ in
                if let obstacle = await obstacle() {
                    throw APIError(.unavailable, "not ready: \(obstacle.message)", details: obstacle.details)
                }
                return try .json(Health(status: "ready"))
            },
            Route(
                .get, "/version", .everybody,
                Operation("getVersion", "Returns the versions of the program and of its API.", .ok(VersionInfo.self))
            ) { _ in try .json(VersionInfo()) },
        ]
    }
}

/// The reason why a program is not ready.
package struct Obstacle: Sendable {
    /// The reason in words.
    package var message: String
    /// The reason for programs, by name.
    package var details: [String: String]?

    package init(_ message: String, details: [String: String]? = nil) {
        self.message = message
        self.details = details
    }
}
