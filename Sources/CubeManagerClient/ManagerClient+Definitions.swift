import CubeTransport
public import CubeTypes

extension ManagerClient {
    /// Schedules a task by its definition alone, under the owner `manual`. The task runs beside the live tasks of the same name
    /// and takes the first free ordinal.
    ///
    /// ```swift
    /// let task = try await manager.schedule(
    ///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]))
    /// ```
    ///
    /// - Parameter definition: the definition of the task. Scheduling a definition with the same `TaskDefinition.id` again returns
    ///   the same task, for as long as the manager keeps that task. If the definition has no id, the client generates one, so that
    ///   a repeated request creates no second task.
    /// - Returns: the new task, or the current status of the task that already has this id.
    /// - Throws: `validation_failed`; `conflict` if the id belongs to another definition.
    @discardableResult
    public func schedule(_ definition: TaskDefinition) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks"), body: definition.identified(by: random), isIdempotent: true))
    }
}
