import CubeJSON
import CubeTypes

extension PortSpec {
    static let fields = FieldTable<PortSpec>(
        [
            Field(
                "name", \.name, .portName, isRequired: true,
                "The name of the port. The variable `PORT_<NAME>` of the task contains the port number."),
            Field(
                "container", \.container, FieldType.integer(1...65_535).optional, example: 8080,
                "The port inside the container. Not allowed for a process or with `network.mode` `host`, where the "
                    + "program listens on the port of the node."),
            Field(
                "host", \.host, .integer(0...65_535), example: 443,
                "The port of the node. Only one task on a node can have it. With 0, Cube allocates a port from "
                    + "\(PortSpec.allocated.lowerBound) to \(PortSpec.allocated.upperBound)."),
            Field("protocol", \.transport, .oneOf([Transport.tcp, .udp]), "The transport protocol."),
        ], standard: PortSpec(name: ""), foreignKeys: ForeignKeys.port)

    /// Reports conflicts between the ports of a task, and conflicts of its ports with its image.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        guard !definition.ports.isEmpty else { return }
        var names: Set<String> = []
        var hosts: Set<HostPort> = []
        let written = object["ports"].map { Array($0.elements) } ?? []
        for (index, (port, value)) in zip(definition.ports, written).enumerated() {
            func report(_ reason: Diagnostic.Reason, _ field: String, _ rule: String) {
                reader.report(
                    reason, rule, at: value[field]?.range ?? value.opening, below: .field("ports"), .index(index),
                    .field(field))
            }
            if !names.insert(port.name).inserted {
                report(.invalidValue, "name", "\(Quoted(port.name)) is a duplicate")
            }
            if port.host != 0, !hosts.insert(HostPort(port.host, port.transport)).inserted {
                report(.invalidValue, "host", "\(port.host) is a duplicate")
            }
            switch (definition.image, definition.network.mode, port.container) {
            case (nil, _, .some):
                report(.invalidValue, "container", "is only for containers; a process listens on $(\(port.variable))")
            case (.some, .host, .some):
                report(
                    .invalidValue, "container",
                    "must not be set with network.mode \"host\"; the program listens on $(\(port.variable))")
            case (.some, nil, nil): report(.missingKey, "container", "is missing; a container needs it")
            case (nil, _, nil), (.some, _, _): break
            }
        }
    }
}

extension FieldType<String> {
    fileprivate static let portName = string(
        example: "http", schema: ["pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"],
        rule: "must be 1 to 63 characters of a-z, 0-9 and -, begin with a letter and not end with -",
        parse: { WorkloadName(rawValue: $0) != nil && $0.utf8.first! >= UInt8(ascii: "a") ? $0 : nil },
        write: { .string($0) })
}

extension FieldType<[PortSpec]> {
    static let ports = array(
        of: FieldType<PortSpec>.object(PortSpec.fields, example: ["name": "http"]), "objects")
}
