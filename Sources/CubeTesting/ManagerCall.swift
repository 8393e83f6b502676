/// A call of the manager API, by its operation id in the OpenAPI document.
///
/// - Since: 0.1
public enum ManagerCall: String, CaseIterable, Sendable {
    /// Schedules a task.
    case scheduleTask
    /// Performs several operations in one call.
    case batch
    /// Stops a task.
    case stopTask
    /// Moves a task to another owner.
    case adoptTask
    /// Updates the settings of a running task.
    case updateTaskSettings
    /// Lists tasks, page by page.
    case listTasks
    /// Returns the changes since a list, for a watch. In the OpenAPI document, this is `listTasks` with the parameter `since`.
    case watchTasks
    /// Returns a task.
    case getTask
    /// Returns the output of a task. A failure affects the head of the response.
    case getTaskLogs
    /// Returns the status of the cluster.
    case getCluster
    /// Returns the metrics of the cluster.
    case getMetrics
    /// Returns the endpoints of a workload.
    case listEndpoints
    /// Returns the history, and waits for new events.
    case listEvents
    /// Returns a copy of the store.
    case backUp
    /// Registers a worker. The workers of a ``TestCluster`` register without an HTTP call, so no failure can be injected.
    case registerWorker
    /// Lists all nodes.
    case listWorkers
    /// Returns a node.
    case getWorker
    /// Drains a node.
    case drainWorker
    /// Ends the drain of a node.
    case resumeWorker
    /// Forgets a node.
    case removeWorker
    /// Lists all owners.
    case listOwners
    /// Returns an owner.
    case getOwner
    /// Forgets an owner.
    case forgetOwner
    /// Takes, renews or returns a lease.
    case takeLease
    /// Gives a directive to an owner.
    case giveDirective
    /// Returns whether the manager is running.
    case getHealth
    /// Returns whether the manager is ready.
    case getReadiness
    /// Returns the versions that the manager speaks.
    case getVersion
}
