import CubeErrors
import CubeVersion
import Hummingbird

extension RouteTable {
    /// What every server has at its root, without a token.
    ///
    /// - Parameter readiness: throws what is missing where the server cannot serve yet.
    static func root(readiness: @Sendable @escaping () async throws -> Void) -> [Route] {
        [
            Route(.get, "/healthz", .everybody) { _ in try .json(["status": "ok"]) },
            Route(.get, "/readyz", .everybody) { _ in
                try await readiness()
                return try .json(["status": "ready"])
            },
            Route(.get, "/version", .everybody) { _ in try .json(VersionInfo()) },
        ]
    }
}
