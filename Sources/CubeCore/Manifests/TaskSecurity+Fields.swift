import CubeJSON
import CubeTypes

extension TaskSecurity {
    static let fields = FieldTable<TaskSecurity>(
        [
            Field(
                "no_new_privileges", \.noNewPrivileges, FieldType<Bool>.boolean.optional,
                default:
                    "true for a container; for a process, true if the task has a user other than root, otherwise false",
                "Whether the task and every program that it starts are prevented from gaining privileges, for example by "
                    + "`sudo` or another program with the set-user-ID bit."),
            Field(
                "read_only_root", \.readOnlyRoot, .boolean,
                "Whether the root file system of the container is read-only. Only for a task with `image`."),
            Field(
                "capabilities", \.capabilities, .array(of: .capability, "capabilities"), example: ["NET_ADMIN"],
                "Capabilities of Linux, without `CAP_`, that the container has in addition to the usual ones of the engine. "
                    + "The node must allow them (`--allow-capability`). Only for a task with `image`."),
            Field(
                "devices", \.devices, .array(of: .device, "paths"), example: ["/dev/net/tun"],
                "Devices of the node that the container can read, write and create under the same path. The node must allow "
                    + "them (`--allow-device`). Only for a task with `image`."),
        ], standard: TaskSecurity())

    /// Reports duplicates, and what only a container can have.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        guard let written = object["security"] else { return }
        if definition.image == nil {
            let security = definition.security
            for (field, isSet) in [
                ("read_only_root", security.readOnlyRoot), ("capabilities", !security.capabilities.isEmpty),
                ("devices", !security.devices.isEmpty),
            ] {
                guard isSet, let value = written[field] else { continue }
                reader.report(
                    .invalidValue, "must not be set without \"image\"",
                    detail: "a process has the file system, the capabilities and the devices of its user",
                    at: value.range, below: .field("security"), .field(field))
            }
        }
        for (field, texts) in [
            ("capabilities", definition.security.capabilities), ("devices", definition.security.devices),
        ] {
            var seen: Set<ExactText> = []
            for (index, (text, value)) in zip(texts, written[field].map { Array($0.elements) } ?? []).enumerated() {
                guard !seen.insert(ExactText(text)).inserted else { continue }
                reader.report(
                    .invalidValue, "\(Quoted(text)) is a duplicate", at: value.range, below: .field("security"),
                    .field(field), .index(index))
            }
        }
    }
}

extension FieldType<String> {
    fileprivate static let capability = string(
        "capability", example: "NET_ADMIN",
        schema: ["enum": .array(Capability.names.map { .string($0) })], rule: Capability.rule,
        parse: { Capability.names.contains($0) ? $0 : nil },
        hint: { .words(Capability.suggestion(for: $0) ?? "") }, write: { .string($0) })

    fileprivate static let device = string(
        "path below `/dev`", example: "/dev/net/tun", schema: ["pattern": "^/dev/."],
        rule: "must be an absolute path below /dev without \".\" or \"..\"",
        parse: { NodePath.isDevice($0) ? $0 : nil }, write: { .string($0) })
}
