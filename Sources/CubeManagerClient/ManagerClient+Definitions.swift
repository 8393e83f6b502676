import CubeTransport
public import CubeTypes

extension ManagerClient {
    /// Schedules a task by its definition alone, under the owner `manual`: beside those of its name that live, in the first
    /// ordinal that is free.
    ///
    /// ```swift
    /// let task = try await manager.schedule(
    ///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]))
    /// ```
    ///
    /// - Parameter definition: what the task is. Scheduled again under the same `TaskDefinition.id` it is the same task,
    ///   for as long as the manager keeps that. One without an id is given one, so that it counts once, however often the request
    ///   is made.
    /// - Returns: the task, which is still to start, or as it is where it is known.
    /// - Throws: `validation_failed`; `conflict` where the id is that of another definition.
    @discardableResult
    public func schedule(_ definition: TaskDefinition) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks"), body: definition.identified, isIdempotent: true))
    }
}
