/// A command that runs beside the program of a task, with the client that watches it.
///
/// - Since: 0.1
public struct ExecSession: Codable, Hashable, Sendable, Identifiable {
    /// The id of the session.
    public var id: ExecID
    /// The task whose environment the command has.
    public var task: TaskID

    public init(id: ExecID, task: TaskID) {
        self.id = id
        self.task = task
    }
}
