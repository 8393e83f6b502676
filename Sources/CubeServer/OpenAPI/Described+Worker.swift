import CubeJSON
import CubeTypes

extension TaskAssignment: DescribedObject {
    static let summary = "A placement of a task, as the manager assigns it to a worker."
    static let properties: [Property<TaskAssignment>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager; at least the highest that the worker has seen."),
        Property("id", \.id),
        Property("owner", \.owner),
        Property("ordinal", \.ordinal),
        Property("attempt", \.attempt),
        Property("placement", \.placement),
        Property("ports", \.ports, "Port numbers, by port name.", isRequired: false),
        Property(
            "addresses", \.addresses,
            "Addresses (`HOST:PORT`) of its dependencies at the time of placement, by name of the environment variable.",
            isRequired: false),
        Property(
            "existing_volumes", \.existingVolumes,
            "Named volumes that have data on the node, so that the worker must not create them anew.", isRequired: false
        ),
        Property(
            "settings_digest", \.settingsDigest, "Digest of the settings of the definition. Default: derived."),
        Property(
            "receipt", \.receipt,
            "The `receipt` of the last list of tasks that the manager received; required for an exclusive task."),
        Property("definition", \.definition),
    ]
}

extension TaskSettings: DescribedObject {
    static let summary = "New settings for a running placement."
    static let properties: [Property<TaskSettings>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager; at least the highest that the worker has seen."),
        Property("placement", \.placement),
        Property(
            "settings_digest", \.settingsDigest, "Digest of the settings of the definition. Default: derived."),
        Property("definition", \.definition, "Definition with the new settings."),
    ]
}

extension WorkerTask: DescribedObject {
    static let summary = "A placement of a task, as its worker reports it."
    static let properties: [Property<WorkerTask>] = [
        Property("id", \.id),
        Property("placement", \.placement),
        Property("run", \.run, "Number of the current run or, between two runs, of the next one."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("reason", \.reason),
        Property("message", \.message),
        Property("restarts", \.restarts),
        Property("not_before", \.notBefore, "Earliest time of the next run, while the task waits between two runs."),
        Property("exit", \.exit, "How the last run ended."),
        Property("started_at", \.startedAt),
        Property("ended_at", \.endedAt),
        Property("settings_digest", \.settingsDigest),
        Property(
            "image_digest", \.imageDigest,
            "Digest of the image of the current or last run: that of the registry, or the image's ID if it has none."),
        Property(
            "image_moved_to", \.imageMovedTo,
            "Digest of the image that the reference names on the node now, if it is another one than the one that runs."
        ),
        Property("not_enforced", \.notEnforced, "Limits that this node cannot enforce, such as `limits.memory`."),
    ]
}

extension WorkerBatch: DescribedObject {
    static let summary = "Operations of a manager about different tasks, each of which succeeds or fails independently."
    static let properties: [Property<WorkerBatch>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager; at least the highest that the worker has seen."),
        Property("operations", \.operations, "The operations, in any order.", .elements(WorkerBatch.maximum)),
    ]
}

extension WorkerOperation: Described {
    /// An object with exactly one of three keys.
    static let schema = Schema.component(
        "WorkerOperation",
        .oneOf([
            .object([("assign", TaskAssignment.schema, true)]),
            .object([
                ("update", .object([("id", TaskID.schema, true), ("settings", TaskSettings.schema, true)]), true)
            ]),
            .object([
                ("stop", .object([("id", TaskID.schema, true), ("placement", Int.schema, true)]), true)
            ]),
        ]).with(["type": "object", "description": "Assigns, updates or stops a placement of a task."]))
}

extension WorkerBatchAnswer: DescribedObject {
    static let summary = "The result of a batch for a worker."
    static let properties: [Property<WorkerBatchAnswer>] = [
        Property("results", \.results, "One result for each operation, in the same order.")
    ]
}

extension WorkerResult: DescribedObject {
    static let summary = "The result of one operation: the task, or the error."
    static let properties: [Property<WorkerResult>] = [
        Property(
            "status", \.status, "HTTP status of the operation, as in a separate call.",
            ["minimum": 200, "maximum": 599]),
        Property("task", \.task),
        Property("error", \.error),
    ]
}

extension WorkerTaskList: DescribedObject {
    static let summary = "The changes on a worker since a sequence number, or all of its tasks."
    static let properties: [Property<WorkerTaskList>] = [
        Property("complete", \.complete, "Whether the list contains all tasks."),
        Property(
            "incarnation", \.incarnation,
            "Incarnation of the worker. Sequence numbers are comparable only within one incarnation."),
        Property("sequence", \.sequence, "The value of `since` for the next call."),
        Property("tasks", \.tasks, "The tasks, by id."),
        Property("removed", \.removed, "Ids of tasks that the worker no longer stores."),
        Property(
            "volumes", \.volumes,
            "The named volumes whose data the worker has; absent in a list of changes, or if they cannot be read."),
        Property("receipt", \.receipt, "The value of `receipt` for the next call."),
    ]
}

extension VolumeKey: DescribedObject {
    static let summary = "The key of a named volume."
    static let properties: [Property<VolumeKey>] = [
        Property("owner", \.owner, "Owner of the tasks that use the volume."), Property("name", \.name),
    ]
}

extension WorkerStatus: DescribedObject {
    static let summary = "The status of a worker."
    static let properties: [Property<WorkerStatus>] = [
        Property("id", \.id, "Id of the worker, which is its name."),
        Property("name", \.name),
        Property("state", \.state),
        Property("cluster", \.cluster, "The cluster of the worker; absent until it has joined or created one."),
        Property("term", \.term, "Highest term that it has accepted."),
        Property("metrics", \.metrics),
        Property("tasks", \.tasks, "All tasks of which it has records, by id."),
        Property("started_at", \.startedAt),
        Property("last_seen_at", \.lastSeenAt, "Time of the response."),
    ]
}

extension WorkerMetrics: DescribedObject {
    static let summary = "Metrics of a machine and of its tasks. Names end with the unit."
    static let properties: [Property<WorkerMetrics>] = [
        Property("at", \.at),
        Property("cores", \.cores),
        Property("load", \.load, "Load average over one minute."),
        Property("cpu_seconds", \.cpuSeconds, "Time that the processors were busy since the machine booted."),
        Property("memory_total_bytes", \.memoryTotalBytes),
        Property("memory_available_bytes", \.memoryAvailableBytes),
        Property("disk_total_bytes", \.diskTotalBytes, "Size of the file system that contains the worker's directory."),
        Property("disk_available_bytes", \.diskAvailableBytes),
        Property("disk_read_bytes", \.diskReadBytes, "Bytes read from disks since the machine booted."),
        Property("disk_written_bytes", \.diskWrittenBytes, "Bytes written to disks since the machine booted."),
        Property(
            "network_received_bytes", \.networkReceivedBytes,
            "Bytes received since the machine booted, without virtual interfaces."),
        Property("network_sent_bytes", \.networkSentBytes, "Bytes sent, likewise."),
        Property("uptime_seconds", \.uptimeSeconds, "Uptime of the machine."),
        Property("tasks", \.tasks, "Metrics of running tasks, by task id."),
    ]
}

extension TaskMetrics: DescribedObject {
    static let summary = "Metrics of a running task, totalled over its processes."
    static let properties: [Property<TaskMetrics>] = [
        Property("id", \.id),
        Property("owner", \.owner),
        Property("name", \.name),
        Property("ordinal", \.ordinal),
        Property("run", \.run, "Number of the run. Counters begin at 0 with each run."),
        Property("processes", \.processes),
        Property("cpu_seconds", \.cpuSeconds, "CPU time used."),
        Property("memory_bytes", \.memoryBytes, "Memory in use."),
        Property("memory_limit_bytes", \.memoryLimitBytes, "Memory limit; absent if none is enforced."),
        Property("disk_read_bytes", \.diskReadBytes, "Bytes read from disks; absent if not known."),
        Property("disk_written_bytes", \.diskWrittenBytes, "Bytes written to disks; absent if not known."),
        Property(
            "network_received_bytes", \.networkReceivedBytes,
            "Bytes received; absent for a task that shares the network of its node."),
        Property("network_sent_bytes", \.networkSentBytes, "Bytes sent, likewise."),
    ]
}
