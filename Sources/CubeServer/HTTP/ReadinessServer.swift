package import Logging
import ServiceLifecycle

/// What a program without an interface of its own tells at its root: whether it lives, whether it does its work, and its
/// figures.
package struct ReadinessServer: Service {
    private let server: HTTPServer

    /// - Parameters:
    ///   - obstacle: what keeps the program from doing its work; `nil` where nothing does.
    ///   - metrics: its figures, for whoever has a token that reads.
    ///   - webhook: what wakes the program from outside; `nil` where nothing does.
    package init(
        obstacle: @Sendable @escaping () async -> Obstacle?,
        metrics: @Sendable @escaping () async -> [Metric], webhook: Webhook? = nil, options: ServerOptions,
        logger: Logger
    ) {
        let routes =
            RouteTable.root(obstacle: obstacle) + [RouteTable.metrics(.reader, metrics)]
            + [webhook?.route].compactMap { $0 }
        server = HTTPServer(
            table: .describing("Cube reconciler", routes), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}
