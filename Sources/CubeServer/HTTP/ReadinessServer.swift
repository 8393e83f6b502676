package import Logging
import ServiceLifecycle

/// What a program without an interface of its own tells at its root: whether it lives, and whether it does its work.
package struct ReadinessServer: Service {
    private let server: HTTPServer

    /// - Parameter problem: what keeps the program from doing its work; `nil` where nothing does.
    package init(
        problem: @Sendable @escaping () async -> String?, options: ServerOptions, logger: Logger
    ) {
        server = HTTPServer(
            table: RouteTable(routes: RouteTable.root(problem: problem)), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}
