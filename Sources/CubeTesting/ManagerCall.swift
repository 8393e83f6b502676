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
    /// Starts a command beside the program of a task.
    case startExec
    /// Returns output of such a command.
    case getExecOutput
    /// Passes input to such a command.
    case sendExecInput
    /// Changes the size of the terminal of such a command.
    case resizeExec
    /// Ends a session.
    case endExec
    /// Returns the status of the cluster.
    case getCluster
    /// Returns the metrics of the cluster.
    case getMetrics
    /// Returns the endpoints of workloads, and waits for a change.
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
    /// Returns the metrics of a node.
    case getWorkerMetrics
    /// Cordons a node.
    case cordonWorker
    /// Uncordons a node.
    case uncordonWorker
    /// Drains a node.
    case drainWorker
    /// Returns the drain of a node, and waits for a change.
    case getDrain
    /// Forgets a node.
    case removeWorker
    /// Lists the named volumes.
    case listVolumes
    /// Removes a named volume.
    case removeVolume
    /// Lists the tokens that the manager issued.
    case listTokens
    /// Issues a token.
    case issueToken
    /// Revokes a token.
    case revokeToken
    /// Returns the certificate authority of the cluster.
    case getAuthority
    /// Issues a certificate to a worker.
    case issueCertificate
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
