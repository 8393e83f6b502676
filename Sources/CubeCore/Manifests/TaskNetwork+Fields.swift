import CubeJSON
import CubeTypes

extension TaskNetwork {
    /// The maximum number of networks that a container joins.
    static let maximumJoined = 16

    static let fields = FieldTable<TaskNetwork>(
        [
            Field(
                "join", \.join, .array(of: .name(example: "internal"), "names"), example: ["internal"],
                "Networks that the container joins. Cube creates them on each node. The containers of an owner that join "
                    + "the same network on the same node reach each other by workload name, such as `db`, or `db-0` for one "
                    + "replica."),
            Field(
                "mode", \.mode, FieldType<NetworkMode>.oneOf([.host]).optional, default: "a network of its own",
                "With `host`, the container uses the network of the node. The node must allow it (`--allow-host-network`). "
                    + "Ports are not published; the program listens on `$(PORT_<NAME>)` itself."),
            Field(
                "of", \.of, FieldType<WorkloadName>.name(example: "vpn").optional, default: "a network of its own",
                "The workload of the same owner whose container shares its network, such as a VPN. The task is placed on "
                    + "the node of that container, waits until it runs, and is restarted when it ends."),
        ], standard: TaskNetwork())

    /// Reports a network of a process, contradictory networks, and ports of a container without a network of its own.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        let network = definition.network
        guard network != .standard, let written = object["network"] else { return }
        func report(_ rule: String, _ detail: String) {
            reader.report(
                .invalidValue, rule, detail: .words(detail), at: written.range, below: .field("network"))
        }
        func report(_ rule: String, in field: String) {
            reader.report(
                .invalidValue, rule, at: (written[field] ?? written).range, below: .field("network"), .field(field))
        }
        if definition.image == nil {
            report("must not be set without \"image\"", "a process uses the network of its node")
        }
        let keys = [("join", !network.join.isEmpty), ("mode", network.mode != nil), ("of", network.of != nil)]
            .filter(\.1).map(\.0)
        if keys.count > 1 {
            report("must have only one of join, mode and of", "it has \(keys.joined(separator: " and "))")
        }
        if Set(network.join).count < network.join.count { report("must not contain a name twice", in: "join") }
        if network.join.count > maximumJoined { report("must have at most \(maximumJoined) names", in: "join") }
        if network.of == definition.name { report("must be another workload", in: "of") }
        if let other = network.of, !definition.ports.isEmpty, let ports = object["ports"] {
            reader.report(
                .invalidValue, "must be empty with network.of",
                detail: .words("declare the ports at \(other), whose network the task uses"), at: ports.range,
                below: .field("ports"))
        }
    }
}
