import CubeJSON
import CubeTypes

/// The content of one valid manifest.
struct Manifest: Sendable {
    var definition: TaskDefinition
    var replicas = 1
    var update = UpdatePolicy()
    var suspend = false
    var prune = true
    var dependsOn: [WrittenName] = []
    var ignore: [JSONPointer] = []

    /// A manifest with all defaults. Its name is a placeholder that never leaves the decoder.
    static let empty = Manifest(definition: TaskDefinition(name: WorkloadName(rawValue: "unnamed")!))

    /// All fields of a manifest.
    static let fields = FieldTable(
        identifyingFields.fields + taskFields + steeringFields + unsupportedFields, standard: empty,
        foreignKeys: ForeignKeys.manifest,
        condition: [
            "if": ["not": ["required": ["image"]]],
            "then": ["required": ["command"], "properties": ["command": ["minItems": 1]]],
        ],
        check: checkWhole)

    /// The fields that identify the workload, and the comments.
    static let identifyingFields = FieldTable<Manifest>(
        [
            .remark(
                "$schema", example: "cube.schema.json", "The JSON Schema that an editor validates the file against."),
            .remark("$comment", example: "The shop's web server.", "A comment for people. Cube ignores it."),
            TaskDefinition.nameField.within(\.definition),
        ], standard: empty)

    private static let taskFields: [Field<Manifest>] =
        (TaskDefinition.replacingFields.fields + TaskDefinition.settingFields.fields).map { $0.within(\.definition) }

    /// The fields that control the reconciler. No digest contains them.
    private static let steeringFields: [Field<Manifest>] = [
        Field(
            "replicas", \.replicas, .integer(0...10_000),
            "The number of tasks of the workload that run at the same time."),
        Field(
            "update", \.update, UpdatePolicy.fields, example: ["max_unavailable": 0, "max_surge": 1],
            "How tasks are replaced when a replacing field changes."),
        Field(
            "suspend", \.suspend, .boolean,
            "Whether the workload is frozen: Cube starts, stops and replaces none of its tasks."),
        Field(
            "prune", \.prune, .boolean, example: false,
            "Whether Cube stops the tasks when the manifest is removed."),
        Field(
            "depends_on", \.dependsOn, .array(of: .writtenName, "names"), example: ["db", "migration"],
            "Names of other workloads. Cube starts or replaces no task while one of these services is not healthy, or one "
                + "of these jobs has not completed, and prunes none of them while this workload runs. The variable "
                + "`<NAME>_<PORT>_ADDRESS` of a task contains the address of one ready task of each dependency, as known when "
                + "the task was placed."),
        Field(
            "ignore", \.ignore, .array(of: .pointer, "JSON pointers"),
            "JSON pointers to parts of the manifest whose differences Cube ignores: a task that differs only there is up to "
                + "date. A task that Cube starts for another reason gets the whole manifest."),
    ]

    /// The steering fields as a table of their own.
    static let steering = FieldTable(steeringFields, standard: empty)

    private static let unsupportedFields: [Field<Manifest>] = [
        .unsupported("volumes"), .unsupported("on_lost"), .unsupported("exclusive"),
        .unsupported("entrypoint", advice: "\"command\" takes the program and its arguments"),
        .unsupported("pull"), .unsupported("network"), .unsupported("limits"),
    ]

    /// Returns the warnings about a valid manifest.
    ///
    /// - Parameter object: the manifest.
    func warnings(_ object: JSONValue) -> [Problem] {
        guard update.maxSurge > 0, let index = definition.ports.firstIndex(where: { $0.host != 0 }),
            let port = object["ports"].map({ Array($0.elements) })?[index]
        else { return [] }
        let number = definition.ports[index].host
        return [
            Problem(
                .surgePortTaken,
                "with update.max_surge \(update.maxSurge), ports[\(index)].host \(number) needs a second node",
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
        }
        PortSpec.check(definition, object, &reader)
        TaskFile.check(definition, object, &reader)
        let ports = definition.ports.filter { $0.transport == .tcp }.map(\.name)
        definition.health.checkPorts(declared: ports, object, &reader)
        if definition.kind == .job, definition.restart.policy == .always, let restart = object["restart"] {
            reader.report(
                .invalidValue, "must not be \"always\" for a job", detail: "the job would never complete",
                at: (restart["policy"] ?? restart).range, below: .field("restart"), .field("policy"))
        }
        if definition.kind == .job, manifest.update.maxSurge > 0, let surge = object["update"]?["max_surge"] {
            reader.report(
                .invalidValue, "must be 0 for a job", detail: "two tasks of a job must never run at the same time",
                at: surge.range,
                below: .field("update"), .field("max_surge"))
        }
    }
}

extension UpdatePolicy {
    static let fields = FieldTable<UpdatePolicy>(
        [
            Field(
                "max_unavailable", \.maxUnavailable, .integer(0...10_000),
                example: 1,
                "How many replicas may be unavailable during an update. 0 is allowed if `max_surge` is above 0."),
            Field(
                "max_surge", \.maxSurge, .integer(0...10_000),
                example: 1,
                "How many tasks may run in addition to the replicas during an update. Each is started before its predecessor "
                    + "is stopped. With 0, Cube stops a task first and then starts its successor. Must be 0 for a job."),
            Field(
                "min_healthy", \.minHealthy, .duration(.zero ... .seconds(86_400)),
                "How long a new task must have been ready before the update continues."),
            Field(
                "deadline", \.deadline, .duration(.seconds(1) ... .seconds(604_800)),
                "The time in which a new task must be ready for `min_healthy`, counted from when the manager accepted it. "
                    + "After that, the rollout has failed."),
            Field(
                "on_failure", \.onFailure, .oneOf([OnFailure.stall, .revert]),
                "What happens when a rollout fails. `stall` replaces no further tasks. `revert` goes back to the last healthy "
                    + "definition, until the manifest changes or somebody retries the workload."),
        ], standard: UpdatePolicy(), foreignKeys: ForeignKeys.update,
        condition: [
            "if": ["required": ["max_unavailable"], "properties": ["max_unavailable": ["const": 0]]],
            "then": ["required": ["max_surge"], "properties": ["max_surge": ["minimum": 1]]],
        ],
        check: { policy, object, reader in
            if policy.maxUnavailable == 0, policy.maxSurge == 0, let value = object["max_unavailable"] {
                reader.report(
                    .outOfRange, "max_unavailable and max_surge are both 0", detail: "no task could ever be replaced",
                    at: value)
            }
            if policy.deadline <= policy.minHealthy, let value = object["deadline"] ?? object["min_healthy"] {
                reader.report(
                    .outOfRange,
                    "deadline is \(policy.deadline.text), which is not above min_healthy (\(policy.minHealthy.text))",
                    detail: "no rollout could ever succeed", at: value)
            }
        })
}

extension FieldType<JSONPointer> {
    /// A pointer to a field of the task. Pointers to steering fields are invalid, because steering fields are never compared.
    fileprivate static let pointer = string(
        example: "/labels/team", schema: ["pattern": "^/"],
        rule: "must be a JSON pointer to a field of the task, such as /labels/team",
        parse: { text in
            guard let pointer = JSONPointer(text), fields.contains(pointer.tokens[0]) else { return nil }
            return pointer
        },
        write: { .string($0.description) })

    private static let fields = Set(
        (TaskDefinition.replacingFields.fields + TaskDefinition.settingFields.fields).map(\.key)
    ).subtracting(["kind"])
}

/// A workload name and its position in the file.
struct WrittenName: Hashable, Sendable {
    var name: WorkloadName
    var bytes: Range<Int>
}

extension FieldType<WrittenName> {
    fileprivate static let writtenName = FieldType(
        ValueForm(phrase: "name", example: "db"),
        schema: FieldType<WorkloadName>.nameSchema.merging(["type": "string"]) { own, _ in own },
        read: { value, reader in
            guard let text = value.string else {
                reader.reportMismatch(value, expected: "a string")
                return nil
            }
            if let name = WorkloadName(rawValue: text) { return WrittenName(name: name, bytes: value.range) }
            reader.report(.invalidValue, "\(Quoted(text)) \(WorkloadName.rule)", detail: .name(for: text), at: value)
            return nil
        },
        write: { .string($0.name.rawValue) })
}

extension FieldType<WorkloadName> {
    fileprivate static let nameSchema: [String: CanonicalJSON] = ["pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"]

    static let name = string(
        "name: 1 to 63 of a-z, 0-9 and -", example: "web", schema: nameSchema, rule: WorkloadName.rule,
        parse: { WorkloadName(rawValue: $0) }, hint: { .name(for: $0) }, write: { .string($0.rawValue) })
}

extension Problem.Detail {
    /// Suggests the nearest valid name: in lower case, with `-` in place of invalid characters.
    static func name(for text: String) -> Problem.Detail {
        let dashed = text.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let name = String(dashed).split(separator: "-").joined(separator: "-")
        guard WorkloadName(rawValue: name) != nil else { return "" }
        return .words("did you mean \"\(name)\"?")
    }
}
