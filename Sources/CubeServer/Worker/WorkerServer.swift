import CubeTypes
package import CubeWorker
package import Logging
import ServiceLifecycle

/// The HTTP server of a worker.
package struct WorkerServer: Service {
    private let server: HTTPServer

    package init(_ worker: WorkerService, options: ServerOptions, logger: Logger) {
        server = HTTPServer(table: .worker(worker), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}

extension RouteTable {
    static func worker(_ worker: WorkerService) -> RouteTable {
        .describing(
            "Cube worker",
            root { nil } + routes(of: worker) + [metrics(.onlooker) { try await worker.metrics().metrics }])
    }
}
