import CubeCore
import CubeJSON
import CubeTypes

extension TaskDefinition: Described {
    static let schema = Schema.component("TaskDefinition", Schema(wireSchema))
}

extension TaskStatus: DescribedObject {
    static let summary = "A task: one instance of a workload."
    static let properties: [Property<TaskStatus>] = [
        Property("id", \.id, "Never used again once the task ended."),
        Property("owner", \.owner),
        Property("name", \.name, "The workload's name."),
        Property("ordinal", \.ordinal, "Which replica: from 0."),
        Property("attempt", \.attempt, "Which task of its slot: from 0."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("desired", \.desired, "What it should do."),
        Property("reason", \.reason, "Why it is in its state."),
        Property("message", \.message, "The same for a person."),
        Property("spec_digest", \.specDigest, "Over what a change of replaces the task."),
        Property("settings_digest", \.settingsDigest, "Over what changes in place."),
        Property("source", \.source, "The manifest file that it came from."),
        Property("node", \.node, "Where it runs or ran last."),
        Property("placement", \.placement, "How often it was given to a node."),
        Property("run", \.run, "How often its present placement was started."),
        Property("restarts", \.restarts, "Restarts over all placements."),
        Property("not_before", \.notBefore, "The next start, while it waits between two runs."),
        Property("exit", \.exit, "How the last run ended."),
        Property("endpoints", \.endpoints, "Where its ports are reached, while it has a node.", isRequired: false),
        Property("node_unknown", \.nodeUnknown, "Its node is silent: what is said of it may be old."),
        Property("not_enforced", \.notEnforced, "The limits that its node cannot hold, such as `memory`."),
        Property("created_at", \.createdAt),
        Property("started_at", \.startedAt),
        Property("ended_at", \.endedAt),
        Property("created_revision", \.createdRevision, "The revision that accepted it."),
        Property("revision", \.revision, "The revision of its last change."),
        Property("definition", \.definition),
    ]
}

extension TaskSummary: DescribedObject {
    static let summary = "A task in few words."
    static let properties: [Property<TaskSummary>] = [
        Property("id", \.id),
        Property("owner", \.owner),
        Property("name", \.name, "The workload's name."),
        Property("ordinal", \.ordinal, "Which replica: from 0."),
        Property("attempt", \.attempt, "Which task of its slot: from 0."),
        Property("state", \.state),
        Property("ready", \.ready, "Whether a run is alive and its checks pass."),
        Property("node", \.node, "Where it runs or ran last."),
        Property("restarts", \.restarts),
        Property("exit", \.exit, "How the last run ended."),
        Property("spec_digest", \.specDigest, "Over what a change of replaces the task."),
        Property("created_at", \.createdAt),
        Property("endpoints", \.endpoints, "Where its ports are reached.", isRequired: false),
    ]
}

extension TaskResult: DescribedObject {
    static let summary = "How a run ended."
    static let properties: [Property<TaskResult>] = [
        Property("code", \.code, "The exit code, where the program ended by itself.", ["maximum": 255]),
        Property("signal", \.signal, "The number of the signal that ended it.", ["minimum": 1, "maximum": 64]),
        Property("oom", \.oom, "Whether the kernel ended it for want of memory."),
        Property("at", \.at),
    ]
}

extension TaskEndpoint: DescribedObject {
    static let summary = "Where a port of a task is reached."
    static let properties: [Property<TaskEndpoint>] = [
        Property("name", \.name, "The port's name."),
        Property("address", \.address, "`HOST:PORT`."),
        Property("protocol", \.transport),
    ]
}

extension TaskEvent: DescribedObject {
    static let summary = "One entry of the history."
    static let properties: [Property<TaskEvent>] = [
        Property("revision", \.revision, "At which it happened."),
        Property("at", \.at),
        Property("kind", \.kind, "What happened."),
        Property("owner", \.owner),
        Property("name", \.name, "The workload."),
        Property("ordinal", \.ordinal),
        Property("task", \.task),
        Property("node", \.node),
        Property("reason", \.reason),
        Property("message", \.message),
    ]
}

extension ResourceSpec: DescribedObject {
    private static let bytes: [String: CanonicalJSON] = ["maximum": .integer(Int64(maximumBytes))]
    static let summary = "What a task reserves, or what a node has."
    static let properties: [Property<ResourceSpec>] = [
        Property(
            "cpu", \.millicores, "Cores.", isRequired: false,
            ["type": "number", "format": "double", "maximum": 1_000_000]),
        Property("memory", \.memory, "Bytes.", isRequired: false, bytes),
        Property("disk", \.disk, "Bytes.", isRequired: false, bytes),
    ]
}
