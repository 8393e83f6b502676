import CubeCore
import CubeErrors
package import CubeTypes

/// Tasks of a worker without a manager: the worker accepts bare task definitions and founds a cluster of its own for them.
extension WorkerService {
    /// Accepts a task by its definition alone. If a task with the definition's `id` exists already, that task is
    /// returned unchanged. The first task makes the worker found a cluster, so that no manager mistakes its tasks for orphans.
    ///
    /// - Throws: `validation_failed`; `conflict` if the worker belongs to a manager's cluster, if another definition
    ///   has the same `id`, or if the worker cannot place the task.
    package func submit(_ definition: TaskDefinition) async throws -> (task: WorkerTask, created: Bool) {
        try requireNoManager("schedule the task at the manager")
        if table.membership.cluster == nil, options.isToJoin {
            throw APIError(
                .conflict,
                "worker \(options.name) is configured to join a manager, which assigns its tasks; schedule the task at the manager"
            )
        }
        let definition = try definition.checked(at: "")
        try check(definition, at: "")
        if let known = try known(by: definition) { return (report(known), false) }
        let cluster = table.membership.cluster ?? foundedCluster()
        let node = LoneNode(
            NodeTraits(
                name: options.name, runtimes: runtime.kinds.map(\.rawValue), labels: options.labels,
                allowances: options.allowances, capacity: options.capacity ?? .zero),
            tasks: table.records.compactMap { record in
                if case .placement(let value) = record, value.endedAt == nil { value.assignment } else { nil }
            })
        let term = max(table.membership.term, 1)
        let assignment = try node.assignment(
            of: definition, cluster: cluster, term: term, attempt: table.membership.submitted ?? 0)
        try countSubmitted(in: cluster, term: term)
        return try take(assignment)
    }

    /// Asks a task to end that was submitted to this worker directly.
    ///
    /// - Throws: `task_not_found`; `conflict` if the worker belongs to a manager's cluster.
    package func stop(_ id: TaskID) async throws -> WorkerTask {
        try requireNoManager("stop the task there")
        let record = try record(id)
        guard let cluster = table.membership.cluster else { return report(record) }
        return try await stop(id, placement: record.placement, term: table.membership.term, cluster: cluster)
    }

    /// Returns the existing task with a definition's `id`.
    private func known(by definition: TaskDefinition) throws -> WorkerRecord? {
        guard let key = definition.id, let id = table.keyed[key], case .placement(let value)? = table[id] else {
            return nil
        }
        guard value.assignment.definition.name == definition.name,
            value.assignment.definition.specDigest == definition.specDigest,
            value.settingsDigest == definition.settingsDigest
        else { throw APIError.idTaken(key, by: "\(value.assignment.definition.name)/\(value.assignment.ordinal)", id) }
        return table[id]
    }

    /// Refuses the call of a user if a manager commands this worker.
    ///
    /// - Parameter remedy: how the user gets the same effect.
    /// - Throws: `conflict` if the worker belongs to a manager's cluster.
    package func requireNoManager(_ remedy: String) throws {
        guard let cluster = table.membership.cluster, !cluster.isOfWorker else { return }
        throw APIError(
            .conflict,
            "worker \(options.name) belongs to cluster \(cluster), whose manager assigns its tasks; \(remedy)",
            details: ["cluster": "\(cluster)"])
    }

    /// Creates the ID of a new cluster of one worker. It is a UUID of version 8, which no manager's cluster has.
    private func foundedCluster() -> ClusterID { ClusterID(rawValue: random.uuid(version: 8))! }
}
