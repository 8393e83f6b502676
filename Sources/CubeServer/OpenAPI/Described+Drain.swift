import CubeCore
import CubeJSON
import CubeTypes

extension DrainRequest: DescribedObject {
    static let summary = "How a node is drained."
    static let properties: [Property<DrainRequest>] = [
        Property(
            "jobs_after", \.jobsAfter,
            "How long a job may still run before it is stopped and started again on another node, at most "
                + "\(DrainRequest.longestJobsAfter.text). Without it, every job runs to its end.")
    ]
}

extension NodeDrain: DescribedObject {
    static let summary = "The drain of a node, or a forecast of it."
    static let properties: [Property<NodeDrain>] = [
        Property("node", \.node),
        Property("state", \.state, "State of its worker."),
        Property("draining", \.draining, "Whether it is being drained. If not, this is a forecast."),
        Property("done", \.done, "Whether it is being drained and no task is left on it."),
        Property("jobs_from", \.jobsFrom, "Time from which jobs are stopped too; absent if every job runs to its end."),
        Property("tasks", \.tasks, "Its tasks that have not ended, by owner, name, ordinal and attempt."),
        Property("revision", \.revision, "Revision of this response."),
    ]
}

extension DrainedTask: DescribedObject {
    static let summary = "A task on a node that is or would be drained."
    static let properties: [Property<DrainedTask>] = [
        Property("id", \.id),
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal, "Index of the replica, from 0."),
        Property("state", \.state),
        Property("step", \.step, "What becomes of it."),
        Property("to", \.to, "Node on which its successor is, or would be placed now."),
        Property("reason", \.reason, "Why it is still on the node; absent if nothing holds it up."),
        Property("message", \.message, "Why it is still on the node, for people."),
    ]
}
