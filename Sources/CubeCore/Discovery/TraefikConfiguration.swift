import CubeTypes

/// The part of Traefik's dynamic configuration that Cube knows: the services and their servers, as for Traefik's HTTP provider.
///
/// Traefik rejects a whole document that contains an empty object, so that an empty section is left out.
package struct TraefikConfiguration: Codable, Hashable, Sendable {
    package struct Section: Codable, Hashable, Sendable {
        /// The services by name: `OWNER_NAME_PORT`. Names of Cube contain no `_`, so that no two services have the same name.
        package var services: [String: Service] = [:]
    }

    package struct Service: Codable, Hashable, Sendable {
        package var loadBalancer = LoadBalancer()
    }

    package struct LoadBalancer: Codable, Hashable, Sendable {
        /// Empty if no task is ready: Traefik then responds 503, whereas it responds 404 if a service is missing.
        package var servers: [Server] = []
    }

    /// A server: a URL in the section `http`, an address in `tcp` and `udp`.
    package struct Server: Codable, Hashable, Sendable {
        package var url: String?
        package var address: String?
    }

    /// The TCP ports, for routers that speak HTTP.
    package private(set) var http: Section?
    /// The TCP ports, for routers that pass on connections.
    package private(set) var tcp: Section?
    /// The UDP ports.
    package private(set) var udp: Section?

    /// Describes each selected port of the workloads with tasks that have not ended. Its servers are the ready tasks, by the rule of
    /// ``CubeTypes/EndpointList/usable``.
    package init(of state: ClusterState, _ selection: EndpointSelection) {
        let tasks = state.live(in: selection)
        for task in tasks {
            for port in task.definition.ports where selection.contains(port: port.name) {
                add([], to: Self.service(task.owner, task.name, port.name), port.transport, isHTTPS: false)
            }
        }
        let definitions = Dictionary(tasks.map { ($0.id, $0.definition) }) { first, _ in first }
        for endpoint in state.endpoints(in: selection).usable {
            add(
                [endpoint.address], to: Self.service(endpoint.owner, endpoint.name, endpoint.port), endpoint.transport,
                isHTTPS: definitions[endpoint.task]?.speaksHTTPS(at: endpoint.port) ?? false)
        }
    }

    private static func service(_ owner: OwnerName, _ name: WorkloadName, _ port: String) -> String {
        "\(owner)_\(name)_\(port)"
    }

    private mutating func add(
        _ addresses: [String], to service: String, _ transport: PortSpec.Transport, isHTTPS: Bool
    ) {
        let servers = addresses.map { Server(address: $0) }
        switch transport {
        case .tcp:
            let scheme = isHTTPS ? "https" : "http"
            Self.add(addresses.map { Server(url: "\(scheme)://\($0)") }, to: service, in: &http)
            Self.add(servers, to: service, in: &tcp)
        case .udp: Self.add(servers, to: service, in: &udp)
        default: break  // A protocol of a newer version, which has no section.
        }
    }

    private static func add(_ servers: [Server], to service: String, in section: inout Section?) {
        section = section ?? Section()
        section?.services[service, default: Service()].loadBalancer.servers += servers
    }
}

extension TaskDefinition {
    /// Whether a health check calls a port with HTTPS.
    fileprivate func speaksHTTPS(at name: String) -> Bool {
        let number = ports.first { $0.name == name }?.host ?? 0
        return [health.ready, health.live].compactMap { $0?.http }.contains { probe in
            probe.scheme == .https && (probe.port == .name(name) || number != 0 && probe.port == .number(number))
        }
    }
}
