import CubeErrors

/// What the manager wants to become of a task whose node is being drained.
///
/// - Since: 0.1
public struct TaskEviction: Codable, Hashable, Sendable {
    /// Whether the task is to be replaced by a task on another node now. If not, it stays where it is for the time being.
    public var due: Bool
    /// Why the task stays, as a stable word; `nil` if its eviction is due.
    public var reason: TaskReason?
    /// Why the task stays, for a person.
    public var message: String?

    public init(due: Bool, reason: TaskReason? = nil, message: String? = nil) {
        self.due = due
        self.reason = reason
        self.message = message
    }
}

extension TaskEviction {
    /// Requires `due`, because a task is stopped depending on it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            due: try container.decode(Bool.self, forKey: .due),
            reason: try container.readIfPresent(TaskReason.self, forKey: .reason),
            message: try container.readTextIfPresent(forKey: .message))
    }
}
