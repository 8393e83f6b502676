import CubeTypes
package import CubeWorker
package import Logging
import ServiceLifecycle

/// A worker's HTTP interface, until shutdown.
package struct WorkerServer: Service {
    private let server: HTTPServer

    package init(_ worker: WorkerService, options: ServerOptions, logger: Logger) {
        let routes =
            RouteTable.root { nil } + RouteTable.worker(worker)
            + [RouteTable.metrics(.onlooker) { try await worker.metrics().metrics }]
        server = HTTPServer(table: RouteTable(routes: routes), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}
