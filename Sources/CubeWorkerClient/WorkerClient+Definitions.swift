import CubeTransport
public import CubeTypes

/// Tasks of a standalone worker, which belongs to no manager's cluster.
extension WorkerClient {
    /// Submits a task to a standalone worker by its definition. The worker records the task durably before the call returns.
    ///
    /// With its first task, the worker founds a cluster of its own, and rejects every manager until `cube worker rejoin`. The task
    /// belongs to the owner `manual`. It outlives the worker, and the next worker on the same data directory adopts it.
    /// ```swift
    /// let task = try await worker.submit(
    ///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]))
    /// ```
    ///
    /// - Parameter definition: the definition of the task. Submitting a definition with the same `TaskDefinition.id` again returns
    ///   the same task, for as long as the worker keeps that task: a day after its end. If the definition has no id, the client
    ///   generates one, so that a repeated request creates no second task.
    /// - Returns: the new task, or the current status of the task that already has this id.
    /// - Throws: `validation_failed`; `conflict` if the worker belongs to a manager's cluster, if the id belongs to another
    ///   definition, or if the worker cannot run the task. In the last case the detail `reason` says why, such as `no_capacity`.
    @discardableResult
    public func submit(_ definition: TaskDefinition) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(
                .post, Self.path("tasks"), body: definition.identified(by: transport.random), isIdempotent: true))
    }

    /// Stops a task of a standalone worker. Repeating the call returns the current status of the task.
    ///
    /// - Throws: `task_not_found`; `conflict` if the worker belongs to a manager's cluster.
    @discardableResult
    public func stop(_ id: TaskID) async throws -> WorkerTask {
        try await transport.send(TransportRequest(.delete, Self.path("tasks", id.rawValue)))
    }
}
