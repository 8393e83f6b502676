/// What may be expected of a worker.
///
/// - Since: 0.1
public struct WorkerState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It is registered and has not told its tasks yet.
    public static let joining: WorkerState = "joining"
    /// It takes tasks.
    public static let ready: WorkerState = "ready"
    /// It keeps what it runs and takes nothing new.
    public static let draining: WorkerState = "draining"
    /// It did not answer for the length of its lease.
    public static let silent: WorkerState = "silent"
}
