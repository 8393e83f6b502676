import CubeCore
import CubeJSON
import CubeTypes

extension TaskProposal: DescribedObject {
    static let summary = "A new task, as proposed by its owner."
    static let properties: [Property<TaskProposal>] = [
        Property("id", \.id, "UUID version 5 of `cluster/owner/name/ordinal/attempt/spec_digest`."),
        Property("name", \.name, "Name of the workload, equal to the name in the definition."),
        Property(
            "ordinal", \.ordinal, "Index of the replica, from 0.", ["maximum": .integer(Int64(SlotKey.lastOrdinal))]),
        Property("attempt", \.attempt, "Must be equal to `next` of the slot."),
        Property("spec_digest", \.specDigest),
        Property("settings_digest", \.settingsDigest),
        Property("source", \.source, "Path of the manifest file.", .characters(TextBounds.address)),
        Property("definition", \.definition),
        Property("rejects", \.rejects, "Declared digest that a rollout rejected and that this task replaces."),
        Property("prune", \.prune, "Whether it may be stopped when its manifest goes; by default it may."),
        Property(
            "min_healthy", \.minHealthy, "How long it must be ready for its digest to count as healthy; default: 5s."),
        Property(
            "depends_on", \.dependencies,
            "Workloads of the same owner whose addresses the task receives with each placement.", isRequired: false),
    ]
}

extension ScheduleRequest: DescribedObject {
    static let summary = "A request to schedule a task."
    static let properties: [Property<ScheduleRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Fence of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Number of the reconciler pass, which never decreases between writes."),
        Property("max_live", \.maxLive, "Maximum number of live tasks of the workload after this call."),
        Property("task", \.task),
    ]
}

extension BatchRequest: DescribedObject {
    static let summary = "Operations of one owner, each of which succeeds or fails independently."
    static let properties: [Property<BatchRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Fence of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Number of the reconciler pass, which never decreases between writes."),
        Property("notes", \.notes),
        Property(
            "operations", \.operations, "The operations, in the order in which they are carried out.",
            .elements(BatchRequest.maximum)),
        Property(
            "since", \.since,
            "Position of the caller's view. The response then contains the owner's changes since that position."),
    ]
}

extension SourceNotes: DescribedObject {
    static let summary = "What an owner's source says of its names; nothing that runs is changed by it."
    static let properties: [Property<SourceNotes>] = [
        Property(
            "declared", \.declared, "Where live tasks are declared, and how.", isRequired: false,
            ["maxItems": .integer(Int64(BatchRequest.maximum))]),
        Property(
            "withdrawn", \.withdrawn, "Slots of names that are gone from the source, and of which nothing lives.",
            isRequired: false, ["maxItems": .integer(Int64(BatchRequest.maximum))]),
        Property("root", \.root),
    ]
}

extension Declaration: DescribedObject {
    static let summary = "Where a live task is declared, and how."
    static let properties: [Property<Declaration>] = [
        Property("id", \.id),
        Property("source", \.source, "The manifest file, relative to the source's root."),
        Property("prune", \.prune, "Whether the task may be stopped when its manifest goes."),
        Property(
            "min_healthy", \.minHealthy, "How long it must be ready for its digest to count as healthy; default: 5s."),
        Property(
            "depends_on", \.dependencies, "The workloads of the same owner that it depends on.", isRequired: false),
    ]
}

extension WithdrawnSlot: DescribedObject {
    static let summary = "A slot of a name that is proved to be gone from the source."
    static let properties: [Property<WithdrawnSlot>] = [
        Property("name", \.name, "The workload's name."),
        Property("ordinal", \.ordinal, "Which replica: from 0."),
    ]
}

extension BatchOperation: Described {
    /// An object with exactly one of four keys.
    static let schema = Schema.component(
        "BatchOperation",
        .oneOf([
            .object([("definition", TaskDefinition.schema, true)]),
            .object([
                (
                    "schedule",
                    .object([("max_live", Int.schema, true), ("task", TaskProposal.schema, true)]), true
                )
            ]),
            .object([("update", SettingsUpdate.schema, true)]),
            .object([("stop", StopRequest.schema, true)]),
        ]).with(["type": "object", "description": "Schedules, updates or stops a task."]))
}

extension BatchAnswer: DescribedObject {
    static let summary = "The result of a batch."
    static let properties: [Property<BatchAnswer>] = [
        Property("revision", \.revision, "Revision of these results."),
        Property("results", \.results, "One result for each operation, in the same order."),
        Property(
            "changes", \.changes,
            "The owner's changes since the position in the request, including those of the batch. "
                + "Absent if the request contains no position, or one that is too old."
        ),
    ]
}

extension BatchResult: DescribedObject {
    static let summary = "The result of one operation: the task, or the error."
    static let properties: [Property<BatchResult>] = [
        Property(
            "status", \.status, "HTTP status of the operation, as in a separate call.",
            ["minimum": 200, "maximum": 599]),
        Property("task", \.task),
        Property("error", \.error),
    ]
}

extension SettingsUpdate: DescribedObject {
    static let summary = "New settings for a running task."
    static let properties: [Property<SettingsUpdate>] = [
        Property("id", \.id),
        Property("from", \.from, "Settings digest that the task must have."),
        Property("to", \.to, "Settings digest that the task gets."),
        Property("source", \.source, "Path of the manifest file.", .characters(TextBounds.address)),
        Property("definition", \.definition, "New definition, which differs from the current one only in settings."),
    ]
}

extension UpdateRequest: DescribedObject {
    static let summary = "A request to change the settings of a task."
    static let properties: [Property<UpdateRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Fence of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Number of the reconciler pass, which never decreases between writes."),
        Property("update", \.update),
    ]
}

extension AdoptRequest: DescribedObject {
    static let summary = "A request to transfer a task to another owner without restarting it."
    static let properties: [Property<AdoptRequest>] = [
        Property("owner", \.owner, "The new owner, which must have had a reconciler."),
        Property(
            "max_live", \.maxLive, "Maximum number of live tasks of the workload under the new owner after this call."),
    ]
}

extension StopRequest: DescribedObject {
    static let summary = "A task to stop. An unknown task will never start."
    static let properties: [Property<StopRequest>] = [
        Property("id", \.id),
        Property("name", \.name, "Name of the workload."),
        Property(
            "ordinal", \.ordinal, "Index of the replica, from 0.", ["maximum": .integer(Int64(SlotKey.lastOrdinal))]),
        Property("attempt", \.attempt, "Attempt number of the task in its slot."),
        Property("rejects", \.rejects, "Declared digest that a rollout rejects with this stop."),
        Property(
            "prune", \.prune,
            "Whether nothing declares the name any more. Beyond the owner's limits, the stop gets 409 `guard_window`.",
            isRequired: false),
    ]
}

extension TaskList: DescribedObject {
    static let summary =
        "A page of tasks, by owner, name, ordinal and attempt, as of the revision of the first page."
    static let properties: [Property<TaskList>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager. Revisions are comparable only within one term."),
        Property("revision", \.revision, "Revision of this response."),
        Property("tasks", \.tasks),
        Property("slots", \.slots, "On the last page: the slots of the requested owner."),
        Property("owner", \.owner, "On the last page: the requested owner."),
        Property("cursor", \.cursor, "Cursor of the next page; absent on the last page."),
        Property(
            "digest_key", \.digestKey,
            "For the role `write`: the key of the digests that the role `read` receives (HMAC-SHA-256 of the digest's text)."
        ),
    ]
}

extension ViewPosition: DescribedObject {
    static let summary = "The position of a view of an owner's tasks."
    static let properties: [Property<ViewPosition>] = [
        Property("term", \.term, "Term of the manager. Revisions are comparable only within one term."),
        Property("revision", \.revision, "Revision of the view."),
    ]
}

extension TaskChanges: DescribedObject {
    static let summary = "The changes of an owner's tasks since a revision."
    static let properties: [Property<TaskChanges>] = [
        Property("term", \.term),
        Property("revision", \.revision, "The value of `since` for the next call."),
        Property("changed", \.changed, "Changed tasks, by owner, name, ordinal and attempt."),
        Property("removed", \.removed, "Ids of tasks that are no longer stored."),
        Property("slots", \.slots, "Changed slots, by name and ordinal."),
        Property("owner", \.owner, "The owner, if it changed."),
    ]
}

extension SlotStatus: DescribedObject {
    static let summary = "The record of a slot, which outlives its tasks."
    static let properties: [Property<SlotStatus>] = [
        Property("name", \.name),
        Property("ordinal", \.ordinal),
        Property("next", \.next, "The next attempt, and the only one that is accepted."),
        Property("last", \.last, "Outcome of the last task, once it has ended."),
        Property("last_digest", \.lastDigest, "Spec digest of the last task."),
        Property("ended_revision", \.endedRevision, "Revision at which the last task ended; 0 if none has ended."),
        Property("healthy_digest", \.healthyDigest, "Spec digest of the last task that was ready for long enough."),
        Property("healthy_attempt", \.healthyAttempt, "Attempt of that task."),
        Property("rejected", \.rejected, "Digests that a rollout rejected."),
        Property("rejected_revision", \.rejectedRevision, "Revision of the last rejection."),
        Property("completed", \.completed, "Digests of jobs that completed in this slot."),
        Property(
            "withdrawn_revision", \.withdrawnRevision,
            "When the owner's source last proved that it declares the name no more; earlier ends are history."),
    ]
}
