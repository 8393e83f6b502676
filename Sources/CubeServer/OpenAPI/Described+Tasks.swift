import CubeCore
import CubeJSON
import CubeTypes

extension TaskDefinition: Described {
    static let schema = Schema.component("TaskDefinition", Schema(wireSchema))
}

extension TaskStatus: DescribedObject {
    static let summary = "A task: one instance of a workload."
    static let properties: [Property<TaskStatus>] = [
        Property("id", \.id, "Id of the task, which is never reused."),
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal, "Index of the replica, from 0."),
        Property("attempt", \.attempt, "Attempt number in its slot, from 0."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("desired", \.desired, "Desired state."),
        Property("reason", \.reason, "Reason for the state."),
        Property("message", \.message, "Reason for the state, for people."),
        Property("spec_digest", \.specDigest, "Digest of the fields whose change replaces the task."),
        Property("settings_digest", \.settingsDigest, "Digest of the fields that change in place."),
        Property("source", \.source, "Path of the manifest file."),
        Property(
            "depends_on", \.dependencies, "The workloads of the same owner that it depends on.", isRequired: false),
        Property(
            "prune", \.prune,
            "Whether it may be stopped when its manifest goes; absent when its owner's source never said so."),
        Property(
            "min_healthy", \.minHealthy, "How long it must be ready for its digest to count as healthy; default: 5s."),
        Property(
            "declared_revision", \.declaredRevision,
            "When its owner's source last said where it is declared; absent when it never did."),
        Property("node", \.node, "Node on which it runs or last ran."),
        Property("placement", \.placement, "Number of placements on a node so far."),
        Property("run", \.run, "Number of runs of the current placement so far."),
        Property("restarts", \.restarts, "Number of restarts over all placements."),
        Property("not_before", \.notBefore, "Earliest time of the next run, while the task waits between two runs."),
        Property("exit", \.exit, "How the last run ended."),
        Property("endpoints", \.endpoints, "Addresses of its ports, while it has a node.", isRequired: false),
        Property(
            "image_digest", \.imageDigest,
            "Digest of the image of the current or last run: that of the registry, or the image's ID if it has none."),
        Property(
            "image_moved_to", \.imageMovedTo,
            "Digest of the image that the reference names on the node now, if it is another one than the one that runs."
        ),
        Property("node_unknown", \.nodeUnknown, "Whether its node is silent, so that this status may be outdated."),
        Property(
            "eviction", \.eviction,
            "What the manager wants to become of it while its node is drained; absent if the node is not drained."),
        Property("not_enforced", \.notEnforced, "Limits that its node cannot enforce, such as `limits.memory`."),
        Property("created_at", \.createdAt),
        Property("started_at", \.startedAt),
        Property("ended_at", \.endedAt),
        Property("created_revision", \.createdRevision, "The revision that accepted it."),
        Property("revision", \.revision, "The revision of its last change."),
        Property("definition", \.definition),
    ]
}

extension TaskEviction: DescribedObject {
    static let summary = "What the manager wants to become of a task whose node is being drained."
    static let properties: [Property<TaskEviction>] = [
        Property("due", \.due, "Whether it is to be replaced by a task on another node now."),
        Property("reason", \.reason, "Why it stays, if its eviction is not due."),
        Property("message", \.message, "Why it stays, for people."),
    ]
}

extension TaskSummary: DescribedObject {
    static let summary = "A short form of a task."
    static let properties: [Property<TaskSummary>] = [
        Property("id", \.id),
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal, "Index of the replica, from 0."),
        Property("attempt", \.attempt, "Attempt number in its slot, from 0."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("node", \.node, "Node on which it runs or last ran."),
        Property("restarts", \.restarts),
        Property("exit", \.exit, "How the last run ended."),
        Property("spec_digest", \.specDigest, "Digest of the fields whose change replaces the task."),
        Property("created_at", \.createdAt),
        Property("endpoints", \.endpoints, "Addresses of its ports.", isRequired: false),
    ]
}

extension TaskResult: DescribedObject {
    static let summary = "How a run ended."
    static let properties: [Property<TaskResult>] = [
        Property("code", \.code, "Exit code, if the program exited.", ["maximum": 255]),
        Property("signal", \.signal, "Number of the signal that ended the run.", ["minimum": 1, "maximum": 64]),
        Property("oom", \.oom, "Whether the kernel's out-of-memory killer ended the run."),
        Property("at", \.at),
    ]
}

extension TaskEndpoint: DescribedObject {
    static let summary = "The address of a port of a task."
    static let properties: [Property<TaskEndpoint>] = [
        Property("name", \.name, "Name of the port."),
        Property("address", \.address, "`HOST:PORT`."),
        Property("protocol", \.transport),
    ]
}

extension TaskEvent: DescribedObject {
    static let summary = "An event in the history of the cluster."
    static let properties: [Property<TaskEvent>] = [
        Property("revision", \.revision, "Revision of the event."),
        Property("at", \.at),
        Property("kind", \.kind, "Kind of the event."),
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal),
        Property("task", \.task),
        Property("node", \.node),
        Property("reason", \.reason),
        Property("message", \.message),
        Property(
            "actor", \.actor,
            "Who made the change: `token:NAME`, `local:ROLE` for a token of the data directory, `socket` or `process`. Absent if it "
                + "follows from time or from the report of a worker."),
        Property("origin", \.origin, "The address from which the change was made, if there is one."),
    ]
}

extension ResourceSpec: DescribedObject {
    private static let bytes: [String: CanonicalJSON] = ["maximum": .integer(Int64(maximumBytes))]
    static let summary = "The resources that a task reserves, or that a node has."
    static let properties: [Property<ResourceSpec>] = [
        Property(
            "cpu", \.millicores, "Cores.", isRequired: false,
            ["type": "number", "format": "double", "maximum": 1_000_000]),
        Property("memory", \.memory, "Bytes.", isRequired: false, bytes),
        Property("disk", \.disk, "Bytes.", isRequired: false, bytes),
    ]
}
