import CubeErrors
import CubeVersion
import Hummingbird

extension RouteTable {
    /// What every server has at its root, without a token.
    ///
    /// - Parameter obstacle: what keeps the program from doing its work; `nil` where nothing does.
    static func root(obstacle: @Sendable @escaping () async -> Obstacle?) -> [Route] {
        [
            Route(
                .get, "/healthz", .everybody,
                Operation("getHealth", "Whether the program lives.", .ok(Health.self, "It does."))
            ) { _ in try .json(Health(status: "ok")) },
            Route(
                .get, "/readyz", .everybody,
                Operation(
                    "getReadiness", "Whether the program does its work; the error says what keeps it from that.",
                    .ok(Health.self, "It does."))
            ) { _ in
                if let obstacle = await obstacle() {
                    throw APIError(.unavailable, "not ready: \(obstacle.message)", details: obstacle.details)
                }
                return try .json(Health(status: "ready"))
            },
            Route(
                .get, "/version", .everybody,
                Operation("getVersion", "The versions of the program and of its interface.", .ok(VersionInfo.self))
            ) { _ in try .json(VersionInfo()) },
        ]
    }
}

/// What keeps a program from doing its work.
package struct Obstacle: Sendable {
    /// For a person.
    package var message: String
    /// For a program, by name.
    package var details: [String: String]?

    package init(_ message: String, details: [String: String]? = nil) {
        self.message = message
        self.details = details
    }
}
