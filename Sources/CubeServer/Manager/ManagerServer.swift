package import CubeCertificates
package import CubeManager
import CubeTypes
package import Logging
import ServiceLifecycle

/// The HTTP server of a manager.
package struct ManagerServer: Service {
    private let server: HTTPServer

    /// - Parameter desk: Admits workers with certificates; `nil` if the manager speaks no TLS.
    package init(_ manager: ManagerService, desk: CertificateDesk? = nil, options: ServerOptions, logger: Logger) {
        var options = options
        options.issued = manager.tokens
        server = HTTPServer(table: .manager(manager, desk), options: options, logger: logger)
    }

    package func run() async throws { try await server.run() }
}

extension RouteTable {
    static let managerPrefix = "/api/v1/manager"

    static func manager(_ manager: ManagerService, _ desk: CertificateDesk? = nil) -> RouteTable {
        let root = root { await manager.notReadyReason.map { Obstacle($0) } }
        return .describing(
            "Cube manager",
            root + tasks(manager) + workers(manager, desk) + certificates(desk) + volumes(manager) + owners(manager)
                + cluster(manager) + endpoints(manager) + tokens(manager)
                + [metrics(.reader) { ClusterMetrics(try await manager.cluster()).metrics }])
    }
}
