/// A call of the manager, as the description of its HTTP interface names it.
///
/// - Since: 0.1
public enum ManagerCall: String, CaseIterable, Sendable {
    /// A new task.
    case scheduleTask
    /// Several operations in one call.
    case batch
    /// A task is asked to end.
    case stopTask
    /// A task gets another owner.
    case adoptTask
    /// Settings of a task that goes on.
    case updateTaskSettings
    /// A list of tasks, page by page.
    case listTasks
    /// What changed since a list: the calls of a watch. The description has it as `listTasks` with the parameter `since`.
    case watchTasks
    /// One task.
    case getTask
    /// The output of a task: the head of its answer.
    case getTaskLogs
    /// The state of the cluster.
    case getCluster
    /// Figures of the cluster.
    case getMetrics
    /// Where a workload is served.
    case listEndpoints
    /// The history, also that which is still to come.
    case listEvents
    /// A copy of the store.
    case backUp
    /// A worker makes itself known. The workers of a ``TestCluster`` do so in another way, which no fault reaches.
    case registerWorker
    /// All nodes.
    case listWorkers
    /// One node.
    case getWorker
    /// A node gets no new task.
    case drainWorker
    /// A node gets tasks again.
    case resumeWorker
    /// A node is forgotten.
    case removeWorker
    /// All owners.
    case listOwners
    /// One owner.
    case getOwner
    /// An owner is forgotten.
    case forgetOwner
    /// A lease is taken, renewed or given back.
    case takeLease
    /// An owner is told something.
    case giveDirective
    /// Whether the manager is there.
    case getHealth
    /// Whether the manager does its work.
    case getReadiness
    /// The versions that the manager speaks.
    case getVersion
}
