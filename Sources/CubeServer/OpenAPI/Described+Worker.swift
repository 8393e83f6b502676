import CubeTypes

extension TaskAssignment: DescribedObject {
    static let summary = "One placement of a task, as the manager gives it to a worker."
    static let properties: [Property<TaskAssignment>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "The manager's incarnation; never lower than one that the worker has seen."),
        Property("id", \.id),
        Property("owner", \.owner),
        Property("ordinal", \.ordinal),
        Property("attempt", \.attempt),
        Property("placement", \.placement),
        Property("ports", \.ports, "The numbers of its ports, by their names.", isRequired: false),
        Property(
            "addresses", \.addresses,
            "Where what it depends on was served when it was placed: `HOST:PORT` by the names of the variables.",
            isRequired: false),
        Property(
            "settings_digest", \.settingsDigest, "Of the settings of the definition; derived where it is left out."),
        Property("definition", \.definition),
    ]
}

extension TaskSettings: DescribedObject {
    static let summary = "New settings for a placement that keeps running."
    static let properties: [Property<TaskSettings>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "The manager's incarnation; never lower than one that the worker has seen."),
        Property("placement", \.placement),
        Property(
            "settings_digest", \.settingsDigest, "Of the settings of the definition; derived where it is left out."),
        Property("definition", \.definition, "Its settings count from now on."),
    ]
}

extension WorkerTask: DescribedObject {
    static let summary = "One placement of a task, as its worker reports it."
    static let properties: [Property<WorkerTask>] = [
        Property("id", \.id),
        Property("placement", \.placement),
        Property("run", \.run, "The number of the present run, or of the next one while it waits for it."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("reason", \.reason),
        Property("message", \.message),
        Property("restarts", \.restarts),
        Property("not_before", \.notBefore, "The next start, while it waits between two runs."),
        Property("exit", \.exit, "How the last run ended."),
        Property("started_at", \.startedAt),
        Property("ended_at", \.endedAt),
        Property("settings_digest", \.settingsDigest),
        Property("not_enforced", \.notEnforced, "The limits that this node cannot hold, such as `memory`."),
    ]
}

extension WorkerTaskList: DescribedObject {
    static let summary = "What changed on a worker since a sequence number, or everything."
    static let properties: [Property<WorkerTaskList>] = [
        Property("complete", \.complete, "Whether it is everything."),
        Property("incarnation", \.incarnation, "Gives the sequence numbers their meaning."),
        Property("sequence", \.sequence, "What to ask `since` next."),
        Property("tasks", \.tasks, "By id."),
        Property("removed", \.removed, "Tasks that the worker forgot."),
    ]
}

extension WorkerStatus: DescribedObject {
    static let summary = "How a worker is."
    static let properties: [Property<WorkerStatus>] = [
        Property("id", \.id, "What calls know it by: its name."),
        Property("name", \.name),
        Property("state", \.state),
        Property("cluster", \.cluster, "To which it belongs, once it has joined or founded one."),
        Property("term", \.term, "The highest that it accepted."),
        Property("metrics", \.metrics),
        Property("tasks", \.tasks, "All that it has records of, by id."),
        Property("started_at", \.startedAt),
        Property("last_seen_at", \.lastSeenAt, "The time of the answer."),
    ]
}

extension WorkerMetrics: DescribedObject {
    static let summary = "Figures of a machine and of the tasks on it; units end the names."
    static let properties: [Property<WorkerMetrics>] = [
        Property("at", \.at),
        Property("cores", \.cores),
        Property("load", \.load, "The load average of one minute."),
        Property("memory_total_bytes", \.memoryTotalBytes),
        Property("memory_available_bytes", \.memoryAvailableBytes),
        Property("disk_total_bytes", \.diskTotalBytes, "Of the file system with the worker's directory."),
        Property("disk_available_bytes", \.diskAvailableBytes),
        Property("uptime_seconds", \.uptimeSeconds, "Since the machine started."),
        Property("tasks", \.tasks, "By task id."),
    ]
}

extension TaskMetrics: DescribedObject {
    static let summary = "Figures of a running task: of all its processes together."
    static let properties: [Property<TaskMetrics>] = [
        Property("id", \.id),
        Property("processes", \.processes),
        Property("cpu_seconds", \.cpuSeconds, "Processor time used."),
        Property("memory_bytes", \.memoryBytes, "Resident memory."),
    ]
}
