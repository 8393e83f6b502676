import CubeErrors
package import Logging
import ServiceLifecycle

/// What a program without an interface of its own tells at its root: whether it lives, and whether it does its work.
package struct ReadinessServer: Service {
    private let server: HTTPServer

    /// - Parameter problem: what keeps the program from doing its work; `nil` where nothing does.
    package init(
        problem: @Sendable @escaping () async -> String?, options: ServerOptions, logger: Logger
    ) {
        let routes = RouteTable.root {
            if let problem = await problem() { throw APIError(.unavailable, "not ready: \(problem)") }
        }
        server = HTTPServer(table: RouteTable(routes: routes), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}
