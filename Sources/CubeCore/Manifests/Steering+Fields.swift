import CubeJSON
import CubeTypes

extension Steering {
    /// The fields that control the reconciler. No digest contains them.
    static let fields = FieldTable<Steering>(
        [
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
                "depends_on", \.dependsOn, .dependencies, example: ["db", "migration"],
                "Names of other workloads. Cube starts or replaces no task while one of these services is not healthy, or one "
                    + "of these jobs has not completed, and prunes none of them while this workload runs. The variable "
                    + "`<NAME>_<PORT>_ADDRESS` of a task contains the address of one ready task of each dependency, as known when "
                    + "the task was placed."),
            Field(
                "ignore", \.ignore, .array(of: .pointer, "JSON pointers"),
                "JSON pointers to parts of the manifest whose differences Cube ignores: a task that differs only there is up to "
                    + "date. A task that Cube starts for another reason gets the whole manifest."),
            Field(
                "image_update", \.imageUpdate,
                FieldType.object(ImageUpdate.fields, example: ["policy": "semver", "filter": "^1\\.27\\."]).optional,
                "How a newer image is found in the registry. Cube reports it and, on request, writes it into the manifest; what "
                    + "runs changes only with the manifest. Only a task with `image` can have it."),
        ], standard: Steering())
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
                    + "definition, until the declared definition changes or somebody retries the workload."),
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

extension FieldType<[WorkloadName]> {
    /// The names of other workloads. Their order and repetitions mean nothing: the canonical form has each name once, sorted.
    fileprivate static let dependencies = array(of: .name(example: "db"), "names").writing { Set($0).sorted() }
}
