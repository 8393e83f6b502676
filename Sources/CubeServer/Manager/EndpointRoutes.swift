import CubeCore
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func endpoints(_ manager: ManagerService) -> [Route] {
        [
            Route(
                .get, "\(managerPrefix)/endpoints", .reader,
                Operation(
                    "listEndpoints", "Lists the endpoints of ready tasks; with `since`, waits for a change.",
                    .ok(EndpointList.self)),
                owner, name, port,
                .integer(
                    "since",
                    "The revision of the last response. The call waits until an endpoint of any workload changes after it."
                ),
                .wait("wait", "Maximum time to wait, with `since`, for a change.")
            ) { call, owner, name, port, since, wait in
                let selection = EndpointSelection(owner: owner, name: name, port: port)
                return try .json(
                    try await call.untilGone { try await manager.endpoints(in: selection, since: since, wait: wait) })
            },
            Route(
                .get, "\(managerPrefix)/discovery/prometheus", .reader,
                Operation(
                    "discoverPrometheusTargets",
                    "Lists the TCP ports of ready tasks in the format of Prometheus's HTTP service discovery.",
                    .ok([PrometheusTargets].self, "A group of targets for each port of each task.")),
                owner, name, port
            ) { _, owner, name, port in
                try .json(await manager.prometheusTargets(in: EndpointSelection(owner: owner, name: name, port: port)))
            },
            Route(
                .get, "\(managerPrefix)/discovery/traefik", .reader,
                Operation(
                    "discoverTraefikServices",
                    "Returns the services and their servers in the format of Traefik's HTTP provider.",
                    .ok(TraefikConfiguration.self, "A dynamic configuration without routers.")),
                owner, name, port
            ) { _, owner, name, port in
                try .json(
                    await manager.traefikConfiguration(in: EndpointSelection(owner: owner, name: name, port: port)))
            },
        ]
    }

    private static let owner = Input.identifier("owner", as: OwnerName.self, "Only workloads of this owner.")
    private static let name = Input.identifier("name", as: WorkloadName.self, "Only workloads with this name.")
    private static let port = Input<String?>.portName("port", "Only ports with this name.")
}
