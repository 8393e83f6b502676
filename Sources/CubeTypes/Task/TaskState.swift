/// The state of a task.
///
/// - Since: 0.1
public struct TaskState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Accepted, but without a node; `reason` says why.
    public static let pending: TaskState = "pending"
    /// Placed on a node but not running: being started, or between two runs.
    public static let scheduled: TaskState = "scheduled"
    /// A run is alive.
    public static let running: TaskState = "running"
    /// A stop was requested. The task still occupies its slot and its capacity.
    public static let stopping: TaskState = "stopping"
    /// The program exited with code 0, and the task is not restarted.
    public static let completed: TaskState = "completed"
    /// The task ended because its restarts are used up or not allowed.
    public static let failed: TaskState = "failed"
    /// The task ended because its stop was requested.
    public static let stopped: TaskState = "stopped"

    /// Whether the task has ended permanently: its id never runs again. A state that this version does not know counts as not ended.
    public var hasEnded: Bool { self == .completed || self == .failed || self == .stopped }
}
