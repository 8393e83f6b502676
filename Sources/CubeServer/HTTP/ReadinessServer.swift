package import Logging
import ServiceLifecycle

/// An HTTP server for a program without an API of its own: health, readiness, metrics and a webhook.
package struct ReadinessServer: Service {
    private let server: HTTPServer

    /// - Parameters:
    ///   - obstacle: The reason why the program is not ready; `nil` if it is.
    ///   - metrics: The metrics of the program. A call requires a token with read access.
    ///   - webhook: The webhook that wakes the program; `nil` if there is none.
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
