package import CubeManager
import CubeTypes
package import Logging
import ServiceLifecycle

/// The HTTP server of a manager.
package struct ManagerServer: Service {
    private let server: HTTPServer

    package init(_ manager: ManagerService, options: ServerOptions, logger: Logger) {
        server = HTTPServer(table: .manager(manager), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}

extension RouteTable {
    static let managerPrefix = "/api/v1/manager"

    static func manager(_ manager: ManagerService) -> RouteTable {
        let root = root { await manager.notReadyReason.map { Obstacle($0) } }
        return .describing(
            "Cube manager",
            root + tasks(manager) + workers(manager) + owners(manager) + cluster(manager)
                + [metrics(.reader) { ClusterMetrics(try await manager.cluster()).metrics }])
    }
}
