import CubeJSON
import CubeTypes

extension TaskProposal: DescribedObject {
    static let summary = "A new task, as its owner asks for it."
    static let properties: [Property<TaskProposal>] = [
        Property("id", \.id, "UUID version 5 of `cluster/owner/name/ordinal/attempt/spec_digest`."),
        Property("name", \.name, "The workload's name: that of the definition."),
        Property("ordinal", \.ordinal, "Which replica: from 0.", ["maximum": 9_999]),
        Property("attempt", \.attempt, "Must be the `next` of the slot."),
        Property("spec_digest", \.specDigest),
        Property("settings_digest", \.settingsDigest),
        Property("source", \.source, "The manifest file that it came from."),
        Property("definition", \.definition),
        Property("rejects", \.rejects, "The declared digest that a rollout gave up, in whose place this task is."),
        Property(
            "depends_on", \.dependencies,
            "The workloads of the same owner whose addresses it is told with each placement.", isRequired: false),
    ]
}

extension ScheduleRequest: DescribedObject {
    static let summary = "A task to schedule."
    static let properties: [Property<ScheduleRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Which pass of the reconciler decided it; never lower than one that wrote."),
        Property("max_live", \.maxLive, "How many tasks of the name may live after this."),
        Property("task", \.task),
    ]
}

extension BatchRequest: DescribedObject {
    static let summary = "Operations of one owner, each of which stands for itself."
    static let properties: [Property<BatchRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Which pass of the reconciler decided it; never lower than one that wrote."),
        Property("operations", \.operations, "In their order.", ["maxItems": .integer(Int64(BatchRequest.maximum))]),
    ]
}

extension BatchOperation: Described {
    /// An object with one of four keys.
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
    static let summary = "What became of a batch."
    static let properties: [Property<BatchAnswer>] = [
        Property("revision", \.revision, "At which it is true."),
        Property("results", \.results, "One for each operation, in their order."),
    ]
}

extension BatchResult: DescribedObject {
    static let summary = "What became of one operation: the task as it is now, or the error."
    static let properties: [Property<BatchResult>] = [
        Property("status", \.status, "As of the same operation alone.", ["minimum": 200, "maximum": 599]),
        Property("task", \.task),
        Property("error", \.error),
    ]
}

extension SettingsUpdate: DescribedObject {
    static let summary = "New settings for a task that keeps running."
    static let properties: [Property<SettingsUpdate>] = [
        Property("id", \.id),
        Property("from", \.from, "The settings digest that the task must have."),
        Property("to", \.to, "The settings digest that it gets."),
        Property("source", \.source, "The manifest file that it came from."),
        Property("definition", \.definition, "Differs from that of the task in its settings alone."),
    ]
}

extension UpdateRequest: DescribedObject {
    static let summary = "New settings for a task, under the owner's lease."
    static let properties: [Property<UpdateRequest>] = [
        Property("owner", \.owner),
        Property("fence", \.fence, "Of the owner's lease; 0 for the owner `manual`."),
        Property("pass", \.pass, "Which pass of the reconciler decided it; never lower than one that wrote."),
        Property("update", \.update),
    ]
}

extension AdoptRequest: DescribedObject {
    static let summary = "Who gets a task that another owner has, without a restart."
    static let properties: [Property<AdoptRequest>] = [
        Property("owner", \.owner, "Who gets it; an owner that a reconciler has looked after."),
        Property("max_live", \.maxLive, "How many tasks of the name that owner may have after this."),
    ]
}

extension StopRequest: DescribedObject {
    static let summary = "A task to stop; one that is not known yet will never start."
    static let properties: [Property<StopRequest>] = [
        Property("id", \.id),
        Property("name", \.name, "The workload's name."),
        Property("ordinal", \.ordinal, "Which replica: from 0.", ["maximum": 9_999]),
        Property("attempt", \.attempt, "Which task of its slot."),
        Property("rejects", \.rejects, "The declared digest that a rollout gave up by this stop."),
    ]
}

extension TaskList: DescribedObject {
    static let summary =
        "One page of tasks, by owner, name, ordinal and attempt; all pages at the revision of the first."
    static let properties: [Property<TaskList>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "The manager's incarnation, which gives revisions their meaning."),
        Property("revision", \.revision, "At which it is true."),
        Property("tasks", \.tasks),
        Property("slots", \.slots, "With the last page: the slots of the owner that was asked for."),
        Property("owner", \.owner, "With the last page: the owner that was asked for."),
        Property("cursor", \.cursor, "What to ask for next; absent on the last page."),
        Property(
            "digest_key", \.digestKey,
            "For the role `write`: the secret under which the role `read` sees digests (HMAC with SHA-256 of their text)."
        ),
    ]
}

extension TaskChanges: DescribedObject {
    static let summary = "What changed of an owner since a revision."
    static let properties: [Property<TaskChanges>] = [
        Property("term", \.term),
        Property("revision", \.revision, "What to ask `since` next."),
        Property("changed", \.changed, "By owner, name, ordinal and attempt."),
        Property("removed", \.removed, "Tasks that are no longer kept."),
        Property("slots", \.slots, "Slots that changed, by name and ordinal."),
        Property("owner", \.owner, "The owner, if it changed."),
    ]
}

extension SlotStatus: DescribedObject {
    static let summary = "The record of a slot, which outlives its tasks."
    static let properties: [Property<SlotStatus>] = [
        Property("name", \.name),
        Property("ordinal", \.ordinal),
        Property("next", \.next, "The only attempt that is accepted next."),
        Property("last", \.last, "How the last task ended, once it has."),
        Property("last_digest", \.lastDigest, "The spec digest of the last task."),
        Property("ended_revision", \.endedRevision, "At which the last task ended; 0 before the first time."),
        Property("healthy_digest", \.healthyDigest, "Of the last task that was ready for long enough."),
        Property("healthy_attempt", \.healthyAttempt, "The attempt of that task."),
        Property("rejected", \.rejected, "Digests that a rollout gave up."),
        Property("rejected_revision", \.rejectedRevision, "At which that was said last."),
        Property("completed", \.completed, "Digests of jobs that completed here."),
    ]
}
