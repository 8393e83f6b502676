package import CubeErrors
package import CubeJSON
package import CubeTypes

/// The fields of a task, in two tables: what a change of replaces the task, and what changes in place.
extension TaskDefinition {
    /// The JSON Schema of its form on the wire: that of manifests, with sizes in bytes and files that bring their content.
    package static let wireSchema = wireFields.wireSchema.merging(["description": "What a task is."]) { $1 }

    private static let wireFields = FieldTable<TaskDefinition>(
        [idField, nameField] + replacingFields.fields + settingFields.fields, standard: Manifest.empty.definition)

    /// What of it no manifest could say, wherever it comes from; `path` is where it stands, empty where it is the whole.
    package func problems(at path: String) -> [ValidationError] {
        var checker = FieldChecker()
        Self.wireFields.examine(self, &checker)
        return checker.problems.map { ValidationError(field: $0.field.below(path), value: nil, message: $0.rule) }
    }

    /// On the wire alone: a manifest's workload is known by its name.
    private static let idField = Field<TaskDefinition>(
        "id", \.id,
        FieldType<String>.string(
            "id", example: "deploy-42", schema: ["pattern": "^[ -~]{1,128}$"], rule: idRule,
            parse: { isID($0) ? $0 : nil }, write: { .string($0) }
        ).optional,
        "What its author calls this one task. A definition that is scheduled again under the same id is the same task.")

    static let nameField = Field<TaskDefinition>(
        "name", \.name, .name, isRequired: true, example: "web",
        "The workload's name; no other of the same owner may have it.")

    /// The fields of the spec digest.
    static let replacingFields = FieldTable<TaskDefinition>(
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
                "command", \.command, .arguments, example: ["web", "--port", "$(PORT_HTTP)"],
                "The program and its arguments. A process needs at least the program. `$(NAME)` stands for the variable "
                    + "`NAME` of the task's environment; `$$(NAME)` is left as `$(NAME)`."),
            Field(
                "env", \.env, .environment,
                "Environment variables. `$(NAME)` in a value stands for another variable. No view shows the values."),
            Field(
                "env_from", \.envFrom, .sources, example: ["web.env", "secret:web.env"],
                "Files of variables: paths from the manifest's directory, or `secret:NAME`. A later file overrides an earlier "
                    + "one, and `env` overrides all files. A line is `NAME=VALUE`, also after `export`; blank lines and lines "
                    + "that begin with `#` mean nothing. A value in single quotes is taken as it stands. In double quotes "
                    + "`\\n`, `\\r`, `\\t`, `\\\"`, `\\\\` and `\\$` are escapes. Both may span lines. Any other value ends with the "
                    + "line or before ` #`, without the blanks around it. No variable in a value is replaced."),
            Field(
                "working_dir", \.workingDirectory, FieldType<String>.absolutePath.optional,
                default: "the task's own directory", example: "/srv/web",
                "The working directory of the task."),
            Field(
                "user", \.user, FieldType<String>.account.optional, default: "the user of the worker",
                "The user that the task runs as, by name or number, and after a colon its group, by name or number. The "
                    + "user's other groups stay. Only a worker that runs as root can run a task as another user."),
            Field(
                "security", \.security, TaskSecurity.fields, example: ["no_new_privileges": true],
                "What the task may not do."),
            Field(
                "cpu", \.resources.millicores, FieldType.cores, default: "0",
                "Cores that are reserved on the node, such as `0.5`."),
            Field("memory", \.resources.memory, FieldType.size, default: "0", "Memory that is reserved on the node."),
            Field(
                "disk", \.resources.disk, FieldType.size, default: "0", example: "1GiB",
                "Disk space that is reserved on the node."),
            Field(
                "ports", \.ports, .ports,
                "The ports that the task listens on. A process finds each number as the variable `PORT_<NAME>`, and as "
                    + "`$(PORT_<NAME>)` in its command."),
            Field(
                "files", \.files, .files,
                "Files that the task finds in its directory. A changed file replaces the task."),
        ], standard: Manifest.empty.definition)

    /// The fields of the settings digest.
    static let settingFields = FieldTable<TaskDefinition>(
        [
            Field(
                "health", \.health, HealthChecks.fields,
                example: ["ready": ["http": ["port": "http"]], "live": ["tcp": ["port": "http"]]],
                "How the worker finds out whether the task is ready, and whether it is alive."),
            Field(
                "restart", \.restart, RestartPolicy.fields, example: ["policy": "always", "backoff_max": "5m"],
                "When the worker starts a task again that ended by itself."),
            Field(
                "stop", \.stop, StopPolicy.fields, example: ["signal": "SIGINT", "grace": "30s"],
                "How Cube asks a task to end."),
            Field(
                "constraints", \.constraints, PlacementConstraints.fields, example: ["labels": ["disk": "fast"]],
                "The nodes on which the task may run."),
            Field("labels", \.labels, .labels, "Arbitrary key-value labels. Cube does not interpret them."),
        ], standard: Manifest.empty.definition)

    /// Setting the kind brings the restart policy that goes with it, which the fields after it may change.
    private var kindAndItsDefaults: TaskKind {
        get { kind }
        set {
            kind = newValue
            restart = .standard(for: newValue)
        }
    }
}

extension TaskSecurity {
    static let fields = FieldTable<TaskSecurity>(
        [
            Field(
                "no_new_privileges", \.noNewPrivileges, FieldType<Bool>.boolean.optional,
                default: "true if the task has a user other than root, otherwise false",
                "Whether the task, and every program that it starts, is kept from gaining privileges, for instance by `sudo` "
                    + "or by another file with the set-user-ID bit."),
            .unsupported("read_only_root"),
            .unsupported("capabilities"),
            .unsupported("devices"),
        ], standard: TaskSecurity())
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
                "The ends after which the task is started again."),
            Field(
                "max", \.max, FieldType.integer(0...1_000_000).optional,
                default: "no limit for a service, `10` for a job",
                "How many restarts are allowed `within` a time. At the next end the task fails. A service without a limit "
                    + "is started again for ever."),
            Field(
                "within", \.within, .duration(.seconds(1) ... .day * 30), "The time in which `max` counts restarts."),
            Field(
                "backoff", \.backoff, .duration(.milliseconds(100) ... .day),
                "The wait before the first restart. It doubles with each restart, up to `backoff_max`, and begins anew "
                    + "after a run of 10 minutes."),
            Field(
                "backoff_max", \.backoffMax, .duration(.milliseconds(100) ... .day),
                "The longest wait before a restart. A service that has reached it is `Degraded` (`crash_loop`) until a "
                    + "run lasts that long."),
        ], standard: .standard(for: .service), foreignKeys: ForeignKeys.restart,
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
    static let fields = FieldTable<StopPolicy>(
        [
            Field(
                "signal", \.signal,
                .oneOf(signals.keys.sorted(), foreign: foreignSignals, parse: { $0 }, write: { $0 }),
                example: "SIGTERM", "The signal that asks the task to end."),
            Field(
                "grace", \.grace, .duration(.zero ... .day),
                "How long the task has to end. Processes that are left after this time get SIGKILL."),
        ], standard: StopPolicy(), foreignKeys: ForeignKeys.stop)
}

extension StopPolicy {
    /// Signals without `SIG`, and by number.
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
            .unsupported("spread"),
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

extension FieldType<[String]> {
    /// What a program can be given.
    static let arguments = strings(obeying: { argument in
        ProgramLimits.isTooLong(argument)
            ? "must be at most \(ProgramLimits.stringBytes) bytes long, as no program is given a longer argument" : nil
    })
}

extension FieldType<[String: String]> {
    fileprivate static let labels = strings(
        example: ["team": "shop"], names: ["minLength": 1], rule: "must not be empty", isName: { !$0.isEmpty })

    /// What a process can be given; Cube's own variables are not to be had.
    fileprivate static let environment = strings(
        example: ["LOG_LEVEL": "info"],
        names: ["pattern": "^[^=\\u0000]+$", "not": ["enum": .array(reservedVariables.map { .string($0) })]],
        rule: "must not be empty, contain \"=\" or be one of \(reservedVariables.joined(separator: ", "))",
        isName: { name in
            !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
                && !reservedVariables.contains(name)
        },
        problem: { name, value in
            // The length first: nearly every variable is short.
            name.utf8.count + value.utf8.count >= ProgramLimits.stringBytes - 1
                && ProgramLimits.isTooLong("\(name)=\(value)")
                ? "must be at most \(ProgramLimits.stringBytes) bytes long with its name and \"=\", as no program is given "
                    + "a longer variable; a longer value belongs in a file of `files`" : nil
        })

    private static let reservedVariables = ["CUBE_NAME", "CUBE_ORDINAL", "CUBE_OWNER", "CUBE_TASK_ID"]
}
