import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging

/// The lease under which exclusive tasks run.
extension WorkerService {
    /// Renews the lease, and with it the leases of the runs of exclusive tasks.
    func renew(_ renewal: LeaseRenewal) {
        guard lease.renew(renewal, at: now().uptime) != nil else { return }
        for run in leased {
            if table.placement(run.task)?.liveRun == run { lease(runOf: run.task) } else { extendStart(of: run) }
        }
    }

    /// Gives a run that is being started the present lease, because an engine may need longer for the start than a lease lasts.
    private func extendStart(of run: RunIdentity) {
        let now = now().uptime
        guard let end = lease.end(for: run.task, placement: run.placement, at: now) else { return }
        do { _ = try runtime.lease(run, until: end, at: now) } catch {
            logger.error("\(run.task): cannot renew the lease of the exclusive task: \(error)")
        }
    }

    /// Gives the live run of an exclusive task the present lease, or takes the lease from a run that is not exclusive any more.
    func lease(runOf id: TaskID) {
        guard let placement = table.placement(id), let run = placement.liveRun else { return }
        do {
            guard placement.assignment.definition.exclusive else {
                if leased.contains(run) { _ = try runtime.lease(run, until: nil, at: now().uptime) }
                leased.remove(run)
                return
            }
            guard let end = lease.end(at: now().uptime) else { return }
            leased.insert(run)
            if try runtime.lease(run, until: end, at: now().uptime) {
                // The run has been alive without a gap, so it may be followed by another one.
                lease.adopt(id, placement: run.placement)
            }
        } catch {
            logger.error("\(id): cannot renew the lease of the exclusive task: \(error)")
        }
    }

    /// Accepts an assignment of an exclusive task only if the manager knew that this worker is alive when it made the call.
    ///
    /// - Throws: `unavailable` if it did not. The manager repeats the call.
    func admit(_ assignment: TaskAssignment) throws(APIError) {
        guard assignment.definition.exclusive, table[assignment.id]?.placement != assignment.placement else { return }
        let isAdmitted = lease.admit(
            assignment.id, placement: assignment.placement, receipt: assignment.receipt, at: now().uptime)
        guard isAdmitted else { throw .noLease(options.name) }
    }

    /// Accepts that a task becomes exclusive only while there is a lease.
    ///
    /// - Throws: `unavailable` if there is none. The manager repeats the call.
    func admit(_ settings: TaskSettings, of id: TaskID) throws(APIError) {
        guard settings.definition.exclusive, let placement = table.placement(id),
            !placement.assignment.definition.exclusive, placement.endedAt == nil
        else { return }
        // A runtime that cannot run the task as exclusive reports that.
        guard runtime.exclusiveKinds.contains(placement.assignment.definition.runtime) else { return }
        guard lease.end(at: now().uptime) != nil else { throw .noLease(options.name) }
        lease.adopt(id, placement: placement.assignment.placement)
    }

    /// Gives a run of an exclusive task its lease before it starts.
    ///
    /// - Returns: whether the run may start.
    func mayStart(_ run: RunIdentity, of assignment: TaskAssignment) throws -> Bool {
        guard assignment.definition.exclusive else { return true }
        let now = now().uptime
        guard let end = lease.end(for: run.task, placement: run.placement, at: now) else { return false }
        leased.insert(run)
        return try runtime.lease(run, until: end, at: now)
    }
}

extension APIError {
    /// The refusal of a call that requires a lease.
    fileprivate static func noLease(_ worker: NodeName) -> APIError {
        APIError(
            .unavailable,
            "worker \(worker) has not heard from its manager for long enough to run an exclusive task; the call can be repeated"
        )
    }
}
