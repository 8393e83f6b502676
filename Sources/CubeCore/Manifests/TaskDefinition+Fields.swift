package import CubeErrors
package import CubeJSON
package import CubeTypes

/// The fields of a task, in two tables: fields whose change replaces the task, and fields that change in place.
extension TaskDefinition {
    /// The JSON Schema of a definition on the wire: the schema of manifests, with sizes in bytes and files that include their
    /// content.
    package static let wireSchema = wireFields.wireSchema.merging(["description": "The definition of a task."]) { $1 }

    private static let wireFields = FieldTable<Fields>(
        [idField, nameField] + replacingFields.fields + settingFields.fields, standard: Manifest.empty.definition.fields
    )

    /// Returns an error for each field with a value that would be invalid in a manifest.
    ///
    /// - Parameter path: the path of the definition in the request; empty if it is the whole body.
    package func problems(at path: String) -> [ValidationError] {
        var checker = FieldChecker()
        Self.wireFields.examine(fields, &checker)
        return checker.problems.map { ValidationError(field: $0.field.below(path), value: nil, message: $0.rule) }
    }

    /// The id, which exists only on the wire, because a manifest identifies its workload by name.
    private static let idField = Field<Fields>(
        "id", \.id,
        FieldType<String>.string(
            "id", example: "deploy-42", schema: ["pattern": "^[ -~]{1,128}$"], rule: idRule,
            parse: { isID($0) ? $0 : nil }, write: { .string($0) }
        ).optional,
        "The client's id for this task. Scheduling a definition again with the same id does not start another task.")

    static let nameField = Field<Fields>(
        "name", \.name, .name, isRequired: true, example: "web",
        "The name of the workload. It is unique within the owner.")

    /// The fields of the spec digest.
    static let replacingFields = FieldTable<Fields>(
        [
            Field(
                "kind", \.kindAndItsDefaults,
                .oneOf(
                    [TaskKind.service, .job],
                    foreign: [
                        "deployment": "service", "daemon": "service", "batch": "job", "cronjob": "job",
                        "oneshot": "job",
                    ]),
                "A `service` runs until it is stopped. A `job` runs until it ends with exit code 0."),
            Field(
                "image", \.image, FieldType<String>.nonEmptyString.optional, example: "registry.example/web:1.4",
                "The image of a container. A task without an image is a process."),
            Field(
                "pull", \.pull, ImagePull.fields, example: ["policy": "always"],
                "When the image is pulled, and with which credentials. Only a task with `image` can have it."),
            Field(
                "entrypoint", \.entrypoint, .arguments, example: ["/docker-entrypoint.sh"],
                "The program that replaces the entrypoint of the image, as `entrypoint` does in Compose and `command` in "
                    + "Kubernetes. The command of the image is then ignored. Only a task with `image` can have an "
                    + "entrypoint."),
            Field(
                "command", \.command, .arguments, example: ["web", "--port", "$(PORT_HTTP)"],
                "The program and its arguments. A process needs at least the program. In a container, `command` replaces the "
                    + "command of the image, as `command` does in Compose and `args` in Kubernetes; the entrypoint of the image "
                    + "stays. `$(NAME)` is replaced by the variable `NAME` of the task's environment; `$$(NAME)` is an escape "
                    + "for a literal `$(NAME)`."),
            Field(
                "env", \.env, .environment,
                "Environment variables. `$(NAME)` in a value is replaced by another variable. Status output never shows the "
                    + "values."),
            Field(
                "env_from", \.envFrom, .sources, example: ["web.env", "secret:web.env"],
                "Environment files: paths relative to the manifest's directory, or `secret:NAME`. A later file overrides an "
                    + "earlier one, and `env` overrides all files. Each line is `NAME=VALUE`, optionally after `export`; blank "
                    + "lines and lines that begin with `#` are ignored. A value in single quotes is literal. In double quotes, "
                    + "`\\n`, `\\r`, `\\t`, `\\\"`, `\\\\` and `\\$` are escapes. Quoted values may span lines. An unquoted value "
                    + "ends at the end of the line or before ` #`, and is trimmed. References to variables are not replaced."
            ),
            Field(
                "working_dir", \.workingDirectory, FieldType<String>.absolutePath.optional,
                default: "the task's own directory", example: "/srv/web",
                "The working directory of the task."),
            Field(
                "user", \.user, FieldType<String>.account.optional, default: "the user of the worker",
                "The user that the task runs as, optionally followed by a colon and a group, each by name or number. The user "
                    + "keeps its supplementary groups. Only a worker that runs as root can run a task as another user."),
            Field(
                "security", \.security, TaskSecurity.fields, example: ["no_new_privileges": true],
                "Restrictions on the task's privileges."),
            Field(
                "cpu", \.resources.millicores, FieldType.cores, default: "0",
                "Cores that are reserved on the node, such as `0.5`."),
            Field("memory", \.resources.memory, FieldType.size, default: "0", "Memory that is reserved on the node."),
            Field(
                "disk", \.resources.disk, FieldType.size, default: "0", example: "1GiB",
                "Disk space that is reserved on the node."),
            Field(
                "limits", \.limits, TaskLimits.fields, example: ["memory": "600MiB", "pids": 200],
                "What the task may use at most; `cpu`, `memory` and `disk` beside it are reserved, and limit nothing. The "
                    + "status of a task names the limits that its node cannot enforce."),
            Field(
                "network", \.network, TaskNetwork.fields, example: ["join": ["internal"]],
                "The network of the container, by one of these fields. Without them, it has the standard network of its "
                    + "engine. Only for a task with `image`."),
            Field(
                "ports", \.ports, .ports,
                "The ports that the task listens on. A process gets each port number in the variable `PORT_<NAME>`, which its "
                    + "command can contain as `$(PORT_<NAME>)`."),
            Field(
                "files", \.files, .files,
                "Files that Cube puts into the task's directory. A changed file replaces the task."),
            Field(
                "volumes", \.volumes, .volumes,
                "What is mounted into the container. Only a task with `image` can have volumes."),
        ], standard: Manifest.empty.definition.fields)

    /// The fields of the settings digest.
    static let settingFields = FieldTable<Fields>(
        [
            Field(
                "health", \.health, HealthChecks.fields,
                example: ["ready": ["http": ["port": "http"]], "live": ["tcp": ["port": "http"]]],
                "The checks with which the worker determines whether the task is ready and alive."),
            Field(
                "restart", \.restart, RestartPolicy.fields, example: ["policy": "always", "backoff_max": "5m"],
                "When the worker restarts a task that ended on its own."),
            Field(
                "stop", \.stop, StopPolicy.fields, example: ["signal": "SIGINT", "grace": "30s"],
                "How Cube asks a task to end."),
            Field(
                "constraints", \.constraints, PlacementConstraints.fields, example: ["labels": ["disk": "fast"]],
                "The nodes on which the task may run, and over which label its replicas are spread."),
            Field(
                "on_lost", \.onLost, .oneOf([LostNodePolicy.replace, .wait]),
                default: "`replace` for a service, `wait` for a job", example: "wait",
                "What becomes of the task while its node does not respond. With `replace`, it is also started on another node. "
                    + "If it still runs on the first one, both run until that node responds again, and the first one is then "
                    + "stopped. With `wait`, it is not started elsewhere until its node is back or forgotten."),
            Field(
                "exclusive", \.exclusive, .boolean,
                "Whether there must never be two instances of a replica, even if a node or the network fails. An instance is "
                    + "killed when its worker has had no contact with the manager for 8 seconds, and started elsewhere only "
                    + "after that. The manager being away therefore ends the task, too."),
            Field("labels", \.labels, .labels, "Arbitrary key-value labels. Cube does not interpret them."),
        ], standard: Manifest.empty.definition.fields)
}

extension TaskDefinition.Fields {
    /// The kind. Setting it also sets the defaults that depend on the kind, which later fields may change.
    fileprivate var kindAndItsDefaults: TaskKind {
        get { kind }
        set {
            kind = newValue
            restart = .standard(for: newValue)
            onLost = .standard(for: newValue)
        }
    }
}

extension Field<TaskDefinition.Fields> {
    /// The same field for a definition.
    ///
    /// The tables are those of the stored fields of ``CubeTypes/TaskDefinition``, whose own properties are all computed: a key path to a
    /// computed property is followed at run time.
    var inDefinition: Field<TaskDefinition> {
        Field<TaskDefinition>(
            key: key, summary: summary, isRequired: isRequired, schema: schema, wire: wire,
            read: { [read] value, definition, reader in read(value, &definition.fields, &reader) },
            write: { [write] definition, standard in write(definition.fields, standard.fields) },
            show: { [show] definition in show(definition.fields) },
            showWritten: { [showWritten] definition, standard in showWritten(definition.fields, standard.fields) },
            examine: { [examine] definition, checker in examine(definition.fields, &checker) },
            copy: { [copy] from, into in copy(from.fields, &into.fields) },
            describe: { [describe] definition in describe(definition.fields) })
    }
}

extension RestartPolicy {
    static let fields = FieldTable<RestartPolicy>(
        [
            Field(
                "policy", \.policy,
                .oneOf(
                    [Condition.always, .onFailure, .never],
                    foreign: ["unlessstopped": "always", "no": "never", "none": "never", "any": "always"]),
                default: "`always` for a service, `on_failure` for a job",
                "Whether the task is restarted always, only after a failure, or never."),
            Field(
                "max", \.max, FieldType.integer(0...1_000_000).optional,
                default: "no limit for a service, `10` for a job",
                "How many restarts are allowed in the time `within`. When the task ends once more, it fails. A service without "
                    + "a limit is restarted indefinitely."),
            Field(
                "within", \.within, .duration(.seconds(1) ... .day * 30), "The time in which `max` counts restarts."),
            Field(
                "backoff", \.backoff, .duration(.milliseconds(100) ... .day),
                "The wait before the first restart. It doubles with each restart, up to `backoff_max`, and is reset after a "
                    + "run of 10 minutes."),
            Field(
                "backoff_max", \.backoffMax, .duration(.milliseconds(100) ... .day),
                "The longest wait before a restart. A service that has reached it is `Degraded` (`crash_loop`) until a "
                    + "run lasts that long."),
        ], standard: .standard(for: .service), foreignKeys: ForeignKeys.restart,
        check: { policy, object, reader in
            if policy.backoff > policy.backoffMax {
                reader.report(
                    .outOfRange,
                    "backoff_max is \(policy.backoffMax.text), which is below backoff (\(policy.backoff.text))",
                    at: (object["backoff_max"] ?? object["backoff"])?.range ?? object.opening)
            }
        })
}

extension StopPolicy {
    static let fields = FieldTable<StopPolicy>(
        [
            Field(
                "signal", \.signal,
                .oneOf(signals.keys.sorted(), foreign: foreignSignals, parse: { $0 }, write: { $0 }),
                example: "SIGTERM", "The signal that asks the task to end."),
            Field(
                "grace", \.grace, .duration(.zero ... .day),
                "How long the task has to end. Processes that are still running after this time get SIGKILL."),
        ], standard: StopPolicy(), foreignKeys: ForeignKeys.stop)
}

extension StopPolicy {
    /// Signal names without `SIG`, and signal numbers.
    private static let foreignSignals = Dictionary(
        uniqueKeysWithValues: signals.flatMap { name, number in
            [(name.dropFirst(3).lowercased(), name), ("\(number)", name)]
        })
}

extension PlacementConstraints {
    static let fields = FieldTable<PlacementConstraints>(
        [
            Field("labels", \.labels, .labels, example: ["disk": "fast"], "Labels that the node must have."),
            Field("not", \.not, .labels, example: ["zone": "b"], "Labels that the node must not have with this value."),
            Field(
                "spread", \.spread, FieldType<String>.labelName.optional, default: "no label",
                "The node label over whose values the replicas are spread. A new task goes to a node with the value that has "
                    + "the fewest tasks of the workload, and to a node without the label only if no other node can run it."
            ),
        ], standard: PlacementConstraints())
}

extension Duration {
    static let day = Duration.seconds(86_400)
}

extension FieldType<String> {
    static let absolutePath = string(
        "absolute path", example: "/srv/data", schema: ["pattern": "^/"], rule: "must be an absolute path",
        parse: { $0.utf8.first == UInt8(ascii: "/") ? $0 : nil },
        write: { .string($0) })
}

extension FieldType<String> {
    fileprivate static let account = string(
        "user or user:group", example: "www-data", schema: ["pattern": "^[^:\\s]+(:[^:\\s]+)?$"],
        rule: AccountName.rule,
        parse: { AccountName($0) == nil ? nil : $0 }, write: { .string($0) })
}

extension FieldType<String> {
    /// The name of a label.
    fileprivate static let labelName = string(
        "name of a label", example: "zone",
        schema: ["minLength": 1, "maxLength": .integer(Int64(TextBounds.labelName))], rule: labelNameRule,
        parse: { isLabelName($0) ? $0 : nil }, write: { .string($0) })

    fileprivate static let labelNameRule = "must be 1 to \(TextBounds.labelName) bytes long"

    fileprivate static func isLabelName(_ text: String) -> Bool { (1...TextBounds.labelName).contains(text.utf8.count) }
}

extension FieldType<[String]> {
    /// The arguments of a program.
    static let arguments = strings(obeying: { argument in
        ProgramLimits.isTooLong(argument)
            ? "must be at most \(ProgramLimits.stringBytes) bytes long, the limit of Linux for one argument" : nil
    })
}

extension FieldType<[String: String]> {
    fileprivate static let labels = strings(
        example: ["team": "shop"], names: ["minLength": 1, "maxLength": .integer(Int64(TextBounds.labelName))],
        rule: FieldType<String>.labelNameRule, values: .string(upToBytes: TextBounds.labelValue),
        limit: TextBounds.labels, isName: FieldType<String>.isLabelName)

    /// Environment variables, except those that Cube sets itself.
    fileprivate static let environment = strings(
        example: ["LOG_LEVEL": "info"],
        names: ["pattern": "^[^=\\u0000]+$", "not": ["enum": .array(reservedVariables.map { .string($0) })]],
        rule: "must not be empty, contain \"=\" or be one of \(reservedVariables.joined(separator: ", "))",
        isName: { name in
            !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
                && !reservedVariables.contains(name)
        },
        problem: { name, value in
            // Check the length first, because nearly every variable is short.
            name.utf8.count + value.utf8.count >= ProgramLimits.stringBytes - 1
                && ProgramLimits.isTooLong("\(name)=\(value)")
                ? "must be at most \(ProgramLimits.stringBytes) bytes long with its name and \"=\", the limit of Linux for one "
                    + "variable; put a longer value in a file of `files`" : nil
        })

    private static let reservedVariables = TaskEnvironment.reserved
}
