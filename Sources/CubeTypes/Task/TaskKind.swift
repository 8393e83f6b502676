/// The kind of a workload: it runs indefinitely (service) or to completion (job).
///
/// - Since: 0.1
public struct TaskKind: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Runs until it is stopped.
    public static let service: TaskKind = "service"
    /// Runs until it ends with exit code 0.
    public static let job: TaskKind = "job"
}
