import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import Logging

/// Carrying out the orders of the placement table.
extension WorkerService {
    /// Carries out orders one after the other. The first failure skips the remaining orders.
    ///
    /// - Parameter written: the tasks whose records in these orders are written already.
    /// - Throws: `APIError` if a call is refused or a record cannot be written.
    func carryOut(_ orders: [PlacementOrder], written: Set<TaskID> = []) throws {
        for order in orders {
            switch order {
            case .record(let record, _) where written.contains(record.id): publish(record)
            case .record(let record, let onFullDisk): try keep(record, onFullDisk: onFullDisk)
            case .publish(let record): publish(record)
            case .join(let membership, let onFullDisk): try join(membership, onFullDisk: onFullDisk)
            case .attend(let id): attend.yield(.task(id))
            case .check(let run): attend.yield(.checks(run))
            case .stop(let run, let policy): try runtime.stop(run, policy)
            case .changeStop(let run, let policy): changeStop(of: run, to: policy)
            case .endUnrecorded(let id): try store.trace(of: id)?.supervisor?.signal(SIGTERM)
            case .refuse(let refusal): throw APIError(refusal, by: options)
            }
        }
    }

    /// Writes a record durably, then publishes it.
    private func keep(_ record: WorkerRecord, onFullDisk: PlacementOrder.FullDisk) throws {
        guard table[record.id] != record else { return }
        do {
            try store.save(record)
        } catch let error as APIError where error.reason == .storageFull {
            switch onFullDisk {
            case .fail: throw error
            case .makeRoom:
                makeRoom()
                try store.save(record)
            case .publish:
                logger.error("\(record.id): cannot record that its stop was requested: \(error)")
            }
        }
        publish(record)
    }

    /// Makes a record visible and wakes all waiters for a change of its task.
    private func publish(_ record: WorkerRecord) {
        guard table[record.id] != record else { return }
        table.put(record)
        bells.ring(.task(record.id))
        bells.ring(.tasks)
        do { try carryOut(table.networkLosses(after: record.id)) } catch {
            logger.error("\(record.id): cannot end the tasks that use its network: \(error)")
        }
    }

    private func join(_ membership: WorkerMembership, onFullDisk: PlacementOrder.FullDisk) throws {
        do {
            try store.save(membership)
            table.join(membership, isStored: true)
        } catch let error as APIError where error.reason == .storageFull && onFullDisk == .publish {
            if membership != table.membership {
                logger.warning("cannot record the manager's term", metadata: ["error": "\(error)"])
            }
            table.join(membership, isStored: false)
        }
    }

    private func changeStop(of run: RunIdentity, to policy: StopPolicy) {
        do {
            try runtime.change(run, to: policy)
        } catch {
            // A stop passes its policy again. Only a program that exits on its own is still handled by the former policy.
            logger.error("\(run.task): \(error)")
        }
    }

    /// Returns the run that was started for a task that has no record.
    func startedRun(of id: TaskID) throws -> StartedRun? {
        guard table[id] == nil, let trace = try store.trace(of: id) else { return nil }
        return StartedRun(placement: trace.placement, number: trace.run, isAlive: trace.supervisor != nil)
    }
}
