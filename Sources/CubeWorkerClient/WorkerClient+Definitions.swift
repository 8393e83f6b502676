import CubeTransport
public import CubeTypes

/// Tasks of a worker that stands alone: one that belongs to no manager's cluster.
extension WorkerClient {
    /// Gives a worker that stands alone a task by its definition; it is recorded durably before this returns.
    ///
    /// With its first task the worker founds a cluster of its own, and works with no manager until `cube worker rejoin` has it
    /// forget that. The task belongs to the owner `manual`, outlives the worker, and is adopted by the next one.
    ///
    /// ```swift
    /// let task = try await worker.submit(
    ///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]))
    /// ```
    ///
    /// - Parameter definition: what the task is. Submitted again under the same `TaskDefinition.id` it is the same task,
    ///   for as long as the worker keeps that: a day after its end. One without an id is given one, so that it counts once, however
    ///   often the request is made.
    /// - Returns: the task, which is still to start, or as it is where it is known.
    /// - Throws: `validation_failed`; `conflict` where the worker belongs to a manager's cluster, where the id is that of another
    ///   definition, and where the worker has no place for the task: the detail `reason` says why, such as `no_capacity`.
    @discardableResult
    public func submit(_ definition: TaskDefinition) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks"), body: definition.identified, isIdempotent: true))
    }

    /// Asks a task of a worker that stands alone to end. Asked again, it answers the task as it is.
    ///
    /// - Throws: `task_not_found`; `conflict` where the worker belongs to a manager's cluster.
    @discardableResult
    public func stop(_ id: TaskID) async throws -> WorkerTask {
        try await transport.send(TransportRequest(.delete, Self.path("tasks", id.rawValue)))
    }
}
