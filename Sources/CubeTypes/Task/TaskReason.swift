/// The reason for the state of a task, as a stable word; an open set.
///
/// - Since: 0.1
public struct TaskReason: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    // Reasons of pending tasks.
    /// No node accepts tasks.
    public static let noNode: TaskReason = "no_node"
    /// No node has the runtime that the task needs.
    public static let noRuntime: TaskReason = "no_runtime"
    /// No node has enough free capacity for the task's reservation.
    public static let noCapacity: TaskReason = "no_capacity"
    /// No node satisfies the constraints of the task.
    public static let noMatch: TaskReason = "no_match"
    /// No node allows something that the task needs beyond the safe default, such as a device.
    public static let notAllowed: TaskReason = "not_allowed"
    /// No node has a secret that the task needs.
    public static let secretMissing: TaskReason = "secret_missing"
    /// No node has the task whose network the task uses.
    public static let noNetwork: TaskReason = "no_network"
    /// On every node, another task uses the fixed port that the task requires.
    public static let portTaken: TaskReason = "port_taken"
    /// The node that has a named volume of the task takes no tasks at present, or two volumes are on different nodes.
    public static let volumeUnavailable: TaskReason = "volume_unavailable"
    // Reasons of tasks that stay on a node while it is drained. A reason of pending tasks means that the task fits nowhere else.
    /// The task is a job, which runs to its end.
    public static let jobRunning: TaskReason = "job_running"
    /// The node of the task is silent.
    public static let nodeSilent: TaskReason = "node_silent"
    /// No reconciler works for the owner of the task at present.
    public static let noReconciler: TaskReason = "no_reconciler"
    /// Someone suspended the workload.
    public static let suspended: TaskReason = "suspended"
    // Reasons of scheduled tasks.
    /// The task is being started.
    public static let starting: TaskReason = "starting"
    /// The task waits for its next restart.
    public static let backoff: TaskReason = "backoff"
    /// The task ended so often that the delay between restarts has reached its maximum; restarts continue. The next run keeps this
    /// reason until it has lasted as long as that delay.
    public static let crashLoop: TaskReason = "crash_loop"
    // Reasons of running tasks.
    /// The task is running, but its `ready` check does not pass.
    public static let notReady: TaskReason = "not_ready"
    /// The task is running and ready, but a check has failed since, fewer times than its limit.
    public static let checkFailing: TaskReason = "check_failing"
    /// The `live` check of the task failed.
    public static let unhealthy: TaskReason = "unhealthy"
    // Reasons for the end of a run or a task.
    /// The program exited.
    public static let exited: TaskReason = "exited"
    /// A signal ended the program.
    public static let signaled: TaskReason = "signaled"
    /// The program could not be started.
    public static let startFailed: TaskReason = "start_failed"
    /// The supervisor ended before it could record how the run ended.
    public static let supervisorLost: TaskReason = "supervisor_lost"
    /// The kernel killed the program because its memory ran out.
    public static let outOfMemory: TaskReason = "oom_killed"
    /// Someone removed the container of the task.
    public static let containerRemoved: TaskReason = "container_removed"
    /// The worker had no contact with its manager for most of its lease, so the exclusive task was killed.
    public static let leaseLost: TaskReason = "lease_lost"
    /// The node rebooted.
    public static let nodeRebooted: TaskReason = "node_rebooted"
    /// The task ended more often than its restart policy allows.
    public static let restartsUsedUp: TaskReason = "restarts_used_up"
    /// A stop was requested.
    public static let stopRequested: TaskReason = "stop_requested"
    /// The task was stopped before its first run.
    public static let stoppedBeforeStart: TaskReason = "stopped_before_start"
    /// The node rejected the task.
    public static let rejectedByNode: TaskReason = "rejected_by_node"
    /// The node was forgotten.
    public static let nodeForgotten: TaskReason = "node_forgotten"
}
