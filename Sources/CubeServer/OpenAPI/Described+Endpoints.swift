import CubeCore
import CubeJSON
import CubeTypes

extension EndpointList: DescribedObject {
    static let summary = "The endpoints of workloads."
    static let properties: [Property<EndpointList>] = [
        Property("revision", \.revision, "Revision of this response, and the value of `since` for the next call."),
        Property("cluster", \.cluster),
        Property(
            "endpoints", \.endpoints,
            "Endpoints of ready tasks on nodes that answer, by owner, name and ordinal, in the order of their ports."),
        Property(
            "silent", \.silent,
            "Endpoints of tasks that were ready when their nodes last answered. A client should keep using them for a workload without other endpoints.",
            isRequired: false),
    ]
}

extension ServiceEndpoint: DescribedObject {
    static let summary = "A port of a ready task."
    static let properties: [Property<ServiceEndpoint>] = [
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal),
        Property("task", \.task),
        Property("node", \.node),
        Property("port", \.port, "Name of the port."),
        Property("address", \.address, "`HOST:PORT`."),
        Property("protocol", \.transport),
    ]
}

// The formats of other programs. They are described in place, because no client of Cube reads them.

extension PrometheusTargets: Described {
    static let schema = Schema.object([
        ("targets", .array(of: .string).with(["description": "Addresses, as `HOST:PORT`."]), true),
        ("labels", .map(to: .string).with(["description": "Labels whose names begin with `__meta_cube_`."]), true),
    ])
}

extension TraefikConfiguration: Described {
    static let schema = Schema.object([
        ("http", section(of: "url", "TCP ports, for HTTP routers."), false),
        ("tcp", section(of: "address", "TCP ports, for TCP routers."), false),
        ("udp", section(of: "address", "UDP ports."), false),
    ])

    /// - Parameter key: The key of a server's address.
    private static func section(of key: String, _ summary: String) -> Schema {
        let servers = Schema.array(of: .object([(key, .string, true)]))
        let service = Schema.object([("loadBalancer", .object([("servers", servers, true)]), true)])
        return .object([("services", .map(to: service), true)]).with(["description": .string(summary)])
    }
}
