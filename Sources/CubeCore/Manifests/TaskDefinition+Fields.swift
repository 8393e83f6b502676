package import CubeErrors
package import CubeJSON
package import CubeTypes

/// The fields of a task, in two tables: what a change of replaces the task, and what changes in place.
extension TaskDefinition {
    /// The JSON Schema of its form on the wire: that of manifests, with sizes in bytes and files that bring their content.
    package static let wireSchema = wireFields.wireSchema.merging(["description": "What a task is."]) { $1 }

    private static let wireFields = FieldTable<TaskDefinition>(
        [nameField] + replacingFields.fields + settingFields.fields)

    /// What of it no manifest could say, wherever it comes from; `path` is where it stands.
    package func problems(at path: String) -> [ValidationError] {
        var checker = FieldChecker()
        Self.wireFields.examine(self, &checker)
        return checker.problems.map { ValidationError(field: "\(path).\($0.field)", value: nil, message: $0.rule) }
    }

    static let nameField = Field<TaskDefinition>(
        "name", \.name, .name, isRequired: true,
        "The workload's name; no other of the same owner may have it.")

    /// The fields of the spec digest.
    static let replacingFields = FieldTable<TaskDefinition>([
        Field(
            "kind", \.kindAndItsDefaults, .oneOf([TaskKind.service, .job]),
            "`service` runs until it is stopped, `job` until it ends with exit code 0. Default `service`."),
        Field(
            "image", \.image, FieldType<String>.nonEmptyString.optional,
            "The image of a container. Without one the task is a process."),
        Field(
            "command", \.command, .strings,
            "The program and its arguments. A process needs at least the program. `$(NAME)` stands for a variable."),
        Field(
            "env", \.env, .environment,
            "Variables of the environment; `$(NAME)` in one stands for another one. Their values are never shown."),
        Field(
            "env_from", \.envFrom, .sources,
            "Files of `KEY=VALUE` lines, beside the manifest or `secret:NAME`. Later ones replace earlier ones, `env` all."
        ),
        Field(
            "working_dir", \.workingDirectory, FieldType<String>.absolutePath.optional,
            "An absolute path. Default: the task's own directory."),
        Field(
            "user", \.user, FieldType<String>.nonEmptyString.optional,
            "The user that the task runs as, by name or number. Default: the worker's."),
        Field("cpu", \.resources.millicores, FieldType.cores, "Cores that are reserved, such as `0.5`. Default 0."),
        Field(
            "memory", \.resources.memory, FieldType.size,
            "Memory that is reserved, in bytes or as `\"128MiB\"`. Default 0."),
        Field("disk", \.resources.disk, FieldType.size, "Disk that is reserved, in bytes or as `\"1GiB\"`. Default 0."),
        Field(
            "ports", \.ports, .ports,
            "On which it is served. A process finds the numbers as `PORT_<NAME>` and in its command as `$(PORT_<NAME>)`."
        ),
        Field(
            "files", \.files, .files, "Files that the task finds in its directory. A changed one makes a new task."),
    ])

    /// The fields of the settings digest.
    static let settingFields = FieldTable<TaskDefinition>([
        Field("health", \.health, HealthChecks.fields, "How the worker finds out whether it is ready, and alive."),
        Field("restart", \.restart, RestartPolicy.fields, "When a task that ended by itself is started again."),
        Field("stop", \.stop, StopPolicy.fields, "How a task is asked to end."),
        Field("constraints", \.constraints, PlacementConstraints.fields, "On which nodes it may run."),
        Field("labels", \.labels, .labels, "Words of yours, by name. They mean nothing to Cube."),
    ])

    /// Setting the kind brings the restart policy that goes with it, which the fields after it may change.
    private var kindAndItsDefaults: TaskKind {
        get { kind }
        set {
            kind = newValue
            restart = .standard(for: newValue)
        }
    }
}

extension RestartPolicy {
    static let fields = FieldTable<RestartPolicy>(
        [
            Field(
                "policy", \.policy, .oneOf([Condition.always, .onFailure, .never]),
                "After which ends. Default `always` for a service, `on_failure` for a job."),
            Field(
                "max", \.max, .integer(0...1_000_000),
                "How many restarts are allowed `within` a time; one more, and the task has failed. Default 10."),
            Field("within", \.within, .duration(.seconds(1) ... .day * 30), "Default `\"10m\"`."),
            Field(
                "backoff", \.backoff, .duration(.milliseconds(100) ... .day),
                "The wait before the first restart; it doubles up to `backoff_max`. Default `\"1s\"`."),
            Field("backoff_max", \.backoffMax, .duration(.milliseconds(100) ... .day), "Default `\"1m\"`."),
        ],
        check: { policy, object, reader in
            if policy.backoff > policy.backoffMax {
                reader.report(
                    .outOfRange,
                    "backoff_max is \(policy.backoffMax.text), below the backoff of \(policy.backoff.text)",
                    at: (object["backoff_max"] ?? object["backoff"])?.range ?? object.opening)
            }
        })
}

extension StopPolicy {
    static let fields = FieldTable<StopPolicy>([
        Field(
            "signal", \.signal, .oneOf(signals.keys.sorted(), parse: { $0 }, write: { $0 }),
            "The first signal. Default `SIGTERM`."),
        Field(
            "grace", \.grace, .duration(.zero ... .day),
            "What is left after this time gets SIGKILL. Default `\"10s\"`."),
    ])
}

extension PlacementConstraints {
    static let fields = FieldTable<PlacementConstraints>([
        Field("labels", \.labels, .labels, "Labels that the node must bear."),
        Field("not", \.not, .labels, "Labels that the node must not bear with this value."),
        .unsupported("spread"),
    ])
}

extension Duration {
    static let day = Duration.seconds(86_400)
}

extension FieldType<String> {
    static let absolutePath = string(
        schema: ["pattern": "^/"], rule: "must be an absolute path", parse: { $0.hasPrefix("/") ? $0 : nil },
        write: { .string($0) })
}

extension FieldType<[String: String]> {
    fileprivate static let labels = strings(
        names: ["minLength": 1], rule: "must not be empty", isName: { !$0.isEmpty })

    /// What a process can be given; Cube's own variables are not to be had.
    fileprivate static let environment = strings(
        names: ["pattern": "^[^=\\u0000]+$", "not": ["enum": .array(reservedVariables.map { .string($0) })]],
        rule: "must not be empty, contain \"=\" or be one of \(reservedVariables.joined(separator: ", "))",
        isName: { name in
            !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
                && !reservedVariables.contains(name)
        })

    private static let reservedVariables = ["CUBE_NAME", "CUBE_ORDINAL", "CUBE_OWNER", "CUBE_TASK_ID"]
}
