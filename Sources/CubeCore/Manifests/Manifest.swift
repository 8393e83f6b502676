import CubeJSON
import CubeTypes

/// The content of one manifest. The decoder fills it in field by field; it may be invalid until the decoder has checked it.
struct Manifest: Sendable {
    var definition: TaskDefinition
    var steering = Steering()

    /// A manifest with all defaults. Its name is a placeholder that never leaves the decoder.
    static let empty = Manifest(definition: TaskDefinition(name: WorkloadName(rawValue: "unnamed")!))

    /// All fields of a manifest.
    static var fields: FieldTable<Manifest> { ManifestFields.standard.manifest }

    /// Returns a table of all fields of a manifest, combined from the tables of each class of fields.
    static func table(
        replacing: FieldTable<TaskDefinition.Fields>, settings: FieldTable<TaskDefinition.Fields>,
        steering: FieldTable<Steering>
    ) -> FieldTable<Manifest> {
        let taskFields: [Field<Manifest>] = (replacing.fields + settings.fields).map {
            $0.inDefinition.within(\.definition)
        }
        let steeringFields: [Field<Manifest>] = steering.fields.map { $0.within(\.steering) }
        return FieldTable(
            identifyingFields.fields + taskFields + steeringFields, standard: empty,
            foreignKeys: ForeignKeys.manifest,
            condition: [
                "if": ["not": ["required": ["image"]]],
                "then": ["required": ["command"], "properties": ["command": ["minItems": 1]]],
            ],
            check: checkWhole)
    }

    /// The fields that identify the workload, and the comments.
    static let identifyingFields = FieldTable<Manifest>(
        [
            .remark(
                "$schema", example: "../cube.schema.json",
                "The JSON Schema that an editor validates the file against."),
            .remark("$comment", example: "The shop's web server.", "A comment for people. Cube ignores it."),
            TaskDefinition.nameField.inDefinition.within(\.definition),
        ], standard: empty)

    /// Returns the warnings about a valid manifest.
    ///
    /// - Parameter object: The JSON object of the manifest.
    func warnings(_ object: JSONValue) -> [Problem] {
        let maxSurge = steering.update.maxSurge
        guard maxSurge > 0, let index = definition.ports.firstIndex(where: { $0.host != 0 }),
            let port = object["ports"].map({ Array($0.elements) })?[index]
        else { return [] }
        let number = definition.ports[index].host
        return [
            Problem(
                .surgePortTaken,
                "with update.max_surge \(maxSurge), ports[\(index)].host \(number) needs a second node",
                detail: .words(
                    "on one node, the new task cannot use the port until the old task ends; omit \"host\", or set max_surge "
                        + "to 0"),
                at: (port["host"] ?? port).range)
        ]
    }

    private static func checkWhole(_ manifest: Manifest, _ object: JSONValue, _ reader: inout FieldReader) {
        let definition = manifest.definition
        if definition.image == nil {
            if definition.command.isEmpty {
                let detail: Problem.Detail = "set \"command\" to run a process, or \"image\" to run a container"
                if let command = object["command"] {
                    reader.report(
                        .outOfRange, "must not be empty", detail: detail, at: command.range, below: .field("command"))
                } else {
                    reader.report(.missing("command", detail: detail, in: object))
                }
            } else if definition.command[0].isEmpty, let command = object["command"] {
                reader.report(
                    .invalidValue, "must not be empty", at: command.range, below: .field("command"), .index(0))
            }
            if !definition.entrypoint.isEmpty, let entrypoint = object["entrypoint"] {
                reader.report(
                    .invalidValue, "must not be set without \"image\"",
                    detail: "a process has no entrypoint; \"command\" takes the program and its arguments",
                    at: entrypoint.range, below: .field("entrypoint"))
            }
            if definition.pull != ImagePull(), let pull = object["pull"] {
                reader.report(
                    .invalidValue, "must not be set without \"image\"", detail: "a process has no image to pull",
                    at: pull.range, below: .field("pull"))
            }
        }
        TaskSecurity.check(definition, object, &reader)
        TaskLimits.check(definition, object, &reader)
        TaskNetwork.check(definition, object, &reader)
        ImageUpdate.check(manifest, object, &reader)
        PortSpec.check(definition, object, &reader)
        TaskFile.check(definition, object, &reader)
        VolumeMount.check(definition, object, &reader)
        if definition.health != .none {
            let ports = definition.ports.filter { $0.transport == .tcp }.map(\.name)
            definition.health.checkPorts(declared: ports, object, &reader)
        }
        if definition.kind == .job, definition.restart.policy == .always, let restart = object["restart"] {
            reader.report(
                .invalidValue, "must not be \"always\" for a job", detail: "the job would never complete",
                at: (restart["policy"] ?? restart).range, below: .field("restart"), .field("policy"))
        }
        if definition.kind == .job, manifest.steering.update.maxSurge > 0, let surge = object["update"]?["max_surge"] {
            reader.report(
                .invalidValue, "must be 0 for a job", detail: "two tasks of a job must never run at the same time",
                at: surge.range,
                below: .field("update"), .field("max_surge"))
        } else if definition.exclusive, manifest.steering.update.maxSurge > 0,
            let surge = object["update"]?["max_surge"]
        {
            reader.report(
                .invalidValue, "must be 0 for an exclusive workload",
                detail: "two instances of a replica must never run at the same time", at: surge.range,
                below: .field("update"), .field("max_surge"))
        }
    }
}

extension FieldType<WorkloadName> {
    static let name = name(example: "web")
}

extension FieldType where Value: Identifier {
    /// The name of a workload, network or volume.
    static func name(example: String) -> FieldType {
        string(
            "name: 1 to 63 of a-z, 0-9 and -", example: example,
            schema: ["pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"], rule: Value.rule,
            parse: { Value(rawValue: $0) }, hint: { .name(for: $0) }, write: { .string($0.rawValue) })
    }
}

extension Problem.Detail {
    /// Suggests the nearest valid name: in lower case, with `-` in place of invalid characters. Letters of other alphabets have no
    /// nearest letter, so a name with one gets no suggestion.
    static func name(for text: String) -> Problem.Detail {
        let scalars = text.lowercased().unicodeScalars
        guard !scalars.contains(where: { $0.properties.isAlphabetic && !$0.isASCII }) else { return "" }
        let dashed = scalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let name = String(dashed).split(separator: "-").joined(separator: "-")
        guard WorkloadName(rawValue: name) != nil else { return "" }
        return .words("did you mean \"\(name)\"?")
    }
}
