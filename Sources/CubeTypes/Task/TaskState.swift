/// The state of a task.
///
/// - Since: 0.1
public struct TaskState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Accepted, no node yet; the task's `reason` says why.
    public static let pending: TaskState = "pending"
    /// Has a placement and is not running: being started, or between two runs.
    public static let scheduled: TaskState = "scheduled"
    /// A run is alive.
    public static let running: TaskState = "running"
    /// A stop was asked for; it still holds its slot and its capacity.
    public static let stopping: TaskState = "stopping"
    /// Ended by itself with exit code 0, not to be restarted.
    public static let completed: TaskState = "completed"
    /// Ended, its restarts used up or forbidden.
    public static let failed: TaskState = "failed"
    /// Ended because it was asked to.
    public static let stopped: TaskState = "stopped"

    /// Whether the task ended for good: its id never runs again. A state that this version does not know has not ended.
    public var hasEnded: Bool { self == .completed || self == .failed || self == .stopped }
}
