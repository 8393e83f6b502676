/// Why a task is in the state that it is in, as a stable word; an open set.
///
/// - Since: 0.1
public struct TaskReason: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    // Pending.
    /// No node is there that takes tasks.
    public static let noNode: TaskReason = "no_node"
    /// No node has the runtime that it needs.
    public static let noRuntime: TaskReason = "no_runtime"
    /// No node has room for what it reserves.
    public static let noCapacity: TaskReason = "no_capacity"
    /// No node is as its constraints say.
    public static let noMatch: TaskReason = "no_match"
    /// Another task has the port that it names, on every node.
    public static let portTaken: TaskReason = "port_taken"
    // Scheduled.
    /// It is being started.
    public static let starting: TaskReason = "starting"
    /// It waits for its next start.
    public static let backoff: TaskReason = "backoff"
    /// It ended so often that its restarts have reached the longest backoff; they go on. A run that follows keeps this
    /// reason until it has lasted for that long.
    public static let crashLoop: TaskReason = "crash_loop"
    // Running.
    /// It runs, and its `ready` check does not pass.
    public static let notReady: TaskReason = "not_ready"
    /// It runs and is ready, but a check has failed since, not often enough to count yet.
    public static let checkFailing: TaskReason = "check_failing"
    /// Its `live` check failed.
    public static let unhealthy: TaskReason = "unhealthy"
    // Ends of runs and tasks.
    /// Its program ended by itself.
    public static let exited: TaskReason = "exited"
    /// A signal ended its program.
    public static let signaled: TaskReason = "signaled"
    /// It could not be started.
    public static let startFailed: TaskReason = "start_failed"
    /// Its supervisor ended before it could tell how the run ended.
    public static let supervisorLost: TaskReason = "supervisor_lost"
    /// Its node started anew.
    public static let nodeRebooted: TaskReason = "node_rebooted"
    /// It ended more often than its restart policy allows.
    public static let restartsUsedUp: TaskReason = "restarts_used_up"
    /// It was asked to stop.
    public static let stopRequested: TaskReason = "stop_requested"
    /// It was stopped before it ever ran.
    public static let stoppedBeforeStart: TaskReason = "stopped_before_start"
    /// Its node refused it.
    public static let rejectedByNode: TaskReason = "rejected_by_node"
    /// Its node was forgotten.
    public static let nodeForgotten: TaskReason = "node_forgotten"
}
