package import CubeManager
import CubeTypes
package import Logging
import ServiceLifecycle

/// A manager's HTTP interface, until shutdown.
package struct ManagerServer: Service {
    private let server: HTTPServer

    package init(_ manager: ManagerService, options: ServerOptions, logger: Logger) {
        let root = RouteTable.root { await manager.notReadyReason.map { Obstacle($0) } }
        let routes =
            root + RouteTable.tasks(manager) + RouteTable.workers(manager) + RouteTable.owners(manager)
            + RouteTable.cluster(manager)
            + [RouteTable.metrics(.reader) { ClusterMetrics(try await manager.cluster()).metrics }]
        server = HTTPServer(table: RouteTable(routes: routes), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}

extension RouteTable {
    static let managerPrefix = "/api/v1/manager"
}
