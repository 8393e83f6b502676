/// The state of a worker; an open set.
///
/// - Since: 0.1
public struct WorkerState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The worker is registered but has not reported its tasks yet.
    public static let joining: WorkerState = "joining"
    /// The worker accepts tasks.
    public static let ready: WorkerState = "ready"
    /// The worker keeps its tasks and receives no new ones.
    public static let cordoned: WorkerState = "cordoned"
    /// The worker receives no new tasks, and its tasks are moved to other nodes.
    public static let draining: WorkerState = "draining"
    /// The worker has not responded for the length of its lease.
    public static let silent: WorkerState = "silent"
}
