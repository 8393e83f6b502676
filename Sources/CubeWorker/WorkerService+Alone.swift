import CubeCore
import CubeErrors
package import CubeTypes

/// A worker that belongs to no manager's cluster takes tasks by their definitions alone, in a cluster of its own.
extension WorkerService {
    /// Takes a task by its definition alone; one whose `id` is known is answered as it is. With the first one the worker founds a
    /// cluster, so that no manager takes its tasks for leftovers.
    ///
    /// - Throws: `validation_failed`; `conflict` where it belongs to a manager's cluster, where the `id` is that of another
    ///   definition, and where there is no place for the task.
    package func submit(_ definition: TaskDefinition) async throws -> (task: WorkerTask, created: Bool) {
        if let cluster = table.membership.cluster, !cluster.isOfWorker {
            throw managed(by: cluster, "schedule the task there")
        }
        if table.membership.cluster == nil, options.isToJoin {
            throw APIError(
                .conflict,
                "worker \(options.name) is to join a manager, which gives it its tasks; schedule the task there")
        }
        let definition = try definition.checked(at: "")
        try Self.check(definition, at: "")
        if let known = try known(by: definition) { return (report(known), false) }
        let cluster = table.membership.cluster ?? foundedCluster()
        let node = LoneNode(
            name: options.name, runtimes: [runtime.name], labels: options.labels, capacity: options.capacity ?? .zero,
            tasks: table.records.compactMap { record in
                if case .placement(let value) = record, value.endedAt == nil { value.assignment } else { nil }
            })
        let term = max(table.membership.term, 1)
        let assignment = try node.assignment(
            of: definition, cluster: cluster, term: term, attempt: table.membership.submitted ?? 0)
        try countSubmitted(in: cluster, term: term)
        return try take(assignment)
    }

    /// Asks a task to end that was given to this worker alone.
    ///
    /// - Throws: `task_not_found`; `conflict` where it belongs to a manager's cluster.
    package func stop(_ id: TaskID) async throws -> WorkerTask {
        if let cluster = table.membership.cluster, !cluster.isOfWorker {
            throw managed(by: cluster, "stop the task there")
        }
        let record = try record(id)
        guard let cluster = table.membership.cluster else { return report(record) }
        return try await stop(id, placement: record.placement, term: table.membership.term, cluster: cluster)
    }

    /// The task that a definition's `id` belongs to already.
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

    private func managed(by cluster: ClusterID, _ remedy: String) -> APIError {
        APIError(
            .conflict,
            "worker \(options.name) belongs to cluster \(cluster), whose manager gives it its tasks; \(remedy)",
            details: ["cluster": "\(cluster)"])
    }

    /// The id of a new cluster of one worker: a UUID of version 8, by which nobody takes it for a manager's cluster.
    private func foundedCluster() -> ClusterID { ClusterID(rawValue: random.uuid(version: 8))! }
}
