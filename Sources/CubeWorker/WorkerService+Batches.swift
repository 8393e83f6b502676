import CubeCore
import CubeErrors
package import CubeTypes

/// Batches of calls of a manager. Their records are written at the same time, as a disk needs hardly longer for several than for one.
extension WorkerService {
    /// Carries out the operations of a batch. Each succeeds or fails independently of the others, as if it were a call of its own.
    ///
    /// - Returns: one result for each operation, in the same order.
    /// - Throws: `foreign_cluster`, `stale_term`; `validation_failed` if two operations are about the same task. Then nothing is
    ///   carried out.
    package func carryOut(_ batch: WorkerBatch) async throws -> [WorkerResult] {
        try batch.check()
        try accept(cluster: batch.cluster, term: batch.term)
        // A decision about a task depends on no other task of the batch, so all are made before the first is carried out.
        let decisions = batch.operations.map { operation in Result { try orders(for: operation) } }
        let written = write(recordsOf: decisions)
        return zip(batch.operations, decisions).map { operation, decision in
            do {
                let orders = try decision.get()
                try carryOut(orders, written: written)
                if case .update(let id, _) = operation { lease(runOf: id) }
                return WorkerResult(
                    status: operation.status(isNews: !orders.isEmpty), task: report(try record(operation.id)))
            } catch {
                return WorkerResult(error: error as? APIError ?? APIError(.internal, "\(error)"))
            }
        }
    }

    /// Decides what to do for an operation of a manager, unless its caller, its definition or its lease is refused.
    func orders(for operation: WorkerOperation) throws -> [PlacementOrder] {
        switch operation {
        case .assign(let assignment):
            try accept(cluster: assignment.cluster, term: assignment.term)
            try check(assignment.definition, at: "definition")
            try admit(assignment)
            return try orders(forChecked: assignment)
        case .update(let id, let settings):
            try accept(cluster: settings.cluster, term: settings.term)
            try admit(settings, of: id)
            return table.updateSettings(id, settings)
        case .stop(let id, let placement):
            return table.stop(id, placement: placement, started: try startedRun(of: id), now: now())
        }
    }

    func orders(forChecked assignment: TaskAssignment) throws -> [PlacementOrder] {
        table.assign(assignment, started: try startedRun(of: assignment.id), boot: runtime.boot)
    }

    /// Writes the records that some orders begin with, at the same time.
    ///
    /// - Returns: the tasks whose records were written. The other records are written one after the other, which also finds out what is wrong.
    private func write(recordsOf decisions: [Result<[PlacementOrder], any Error>]) -> Set<TaskID> {
        let records = decisions.compactMap { decision -> WorkerRecord? in
            guard case .success(let orders) = decision, case .record(let record, _)? = orders.first,
                table[record.id] != record
            else { return nil }
            return record
        }
        return records.count > 1 ? store.save(records) : []
    }
}
