/// Why a task is in the state that it is in, as a stable word; an open set.
public struct TaskReason: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    // Pending.
    public static let noNode: TaskReason = "no_node"
    public static let noRuntime: TaskReason = "no_runtime"
    public static let noCapacity: TaskReason = "no_capacity"
    public static let noMatch: TaskReason = "no_match"
    public static let portTaken: TaskReason = "port_taken"
    // Scheduled.
    public static let starting: TaskReason = "starting"
    public static let backoff: TaskReason = "backoff"
    // Running.
    public static let notReady: TaskReason = "not_ready"
    public static let unhealthy: TaskReason = "unhealthy"
    // Ends of runs and tasks.
    public static let exited: TaskReason = "exited"
    public static let signaled: TaskReason = "signaled"
    public static let startFailed: TaskReason = "start_failed"
    public static let supervisorLost: TaskReason = "supervisor_lost"
    public static let nodeRebooted: TaskReason = "node_rebooted"
    public static let restartsUsedUp: TaskReason = "restarts_used_up"
    public static let stopRequested: TaskReason = "stop_requested"
    public static let stoppedBeforeStart: TaskReason = "stopped_before_start"
    public static let rejectedByNode: TaskReason = "rejected_by_node"
    public static let nodeForgotten: TaskReason = "node_forgotten"
}
