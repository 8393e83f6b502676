import CubeErrors
import CubeVersion
import Hummingbird

extension RouteTable {
    /// What every server has at its root, without a token.
    ///
    /// - Parameter problem: what keeps the program from doing its work; `nil` where nothing does.
    static func root(problem: @Sendable @escaping () async -> String?) -> [Route] {
        [
            Route(.get, "/healthz", .everybody) { _ in try .json(["status": "ok"]) },
            Route(.get, "/readyz", .everybody) { _ in
                if let problem = await problem() { throw APIError(.unavailable, "not ready: \(problem)") }
                return try .json(["status": "ready"])
            },
            Route(.get, "/version", .everybody) { _ in try .json(VersionInfo()) },
        ]
    }
}
