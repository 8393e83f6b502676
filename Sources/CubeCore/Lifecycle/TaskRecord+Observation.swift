package import CubeErrors
package import CubeTypes

extension TaskRecord {
    /// Applies the worker's report about the current placement.
    ///
    /// - Returns: Whether the record changed. A report that is older than the last one, or has a state that this version does not
    ///   know, is ignored.
    /// - Throws: `illegal_transition` if the report contradicts the record.
    package mutating func observe(_ report: WorkerTask, at moment: DurableInstant) throws(APIError) -> Bool {
        guard let order = ReportOrder(report), var placement = phase.placement, placement.number == report.placement,
            placement.report != report
        else { return false }
        if let last = placement.report.flatMap(ReportOrder.init), order < last { return false }
        placement.report = report
        try phase.follow(to: phase.after(report, placement: placement, now: moment.wall))
        adjustHealth(moment)
        return true
    }

    /// Applies the worker's response to a call. The response may contain state that no later task list repeats.
    ///
    /// A response may arrive after a task list that was made later, so a response that is not newer than the last report can only
    /// confirm the settings.
    ///
    /// - Returns: Whether the record changed.
    /// - Throws: `illegal_transition` if the response contradicts the record.
    package mutating func observeAnswer(_ report: WorkerTask, at moment: DurableInstant) throws(APIError) -> Bool {
        guard let order = ReportOrder(report), let placement = phase.placement, placement.number == report.placement
        else { return false }
        guard let last = placement.report else { return try observe(report, at: moment) }
        if let known = ReportOrder(last), order > known { return try observe(report, at: moment) }
        guard last.settingsDigest != report.settingsDigest, report.settingsDigest == settingsDigest else {
            return false
        }
        var same = last
        same.settingsDigest = report.settingsDigest
        return try observe(same, at: moment)
    }

    /// Adopts a placement number of the worker that the manager does not know, because its state was restored from a backup.
    package mutating func observeLostPlacement(_ number: Int) {
        guard var placement = phase.placement, number > placement.number, Counter.isPlausible(number) else { return }
        placements = max(placements, number)
        placement.number = number
        placement.report = nil
        phase = phase.with(placement)
    }

    /// Records that the worker does not know the current placement, so that the manager repeats the assignment or, for a stopping
    /// task, the stop.
    ///
    /// - Returns: Whether the worker knew the placement before.
    package mutating func observeMissing() -> Bool {
        guard var placement = phase.placement, placement.report != nil else { return false }
        placement.report = nil
        if case .running = phase {
            phase = .scheduled(placement: placement)
        } else {
            phase = phase.with(placement)
        }
        health = .unready
        return true
    }

    private mutating func adjustHealth(_ moment: DurableInstant) {
        guard case .running(let placement) = phase, placement.report?.ready == true else {
            health = .unready
            return
        }
        if health == .unready { health = .ready(since: moment) }
    }
}

extension TaskPhase {
    /// The phase that follows from a report about the current placement.
    fileprivate func after(_ report: WorkerTask, placement: Placement, now: Timestamp) -> TaskPhase {
        func ended(_ outcome: TaskEnd.Outcome) -> TaskPhase {
            .ended(
                end: TaskEnd(
                    outcome: outcome, reason: report.reason, message: report.message, at: report.endedAt ?? now,
                    placement: placement))
        }
        return switch report.state {
        // The worker ended the task without being asked, and does not start it again. It is placed anew.
        case .stopped where report.reason == .leaseLost && self.state != .stopping:
            .pending(
                cause: PendingCause(
                    reason: .leaseLost, message: report.message ?? "the worker had no contact with its manager"))
        case .completed: ended(.completed)
        case .failed: ended(.failed)
        case .stopped: ended(.stopped)
        // An earlier manager asked the worker to stop the task, or the worker does not know about the stop yet.
        case .stopping: .stopping(placement: placement)
        case .running: state == .stopping ? .stopping(placement: placement) : .running(placement: placement)
        default: state == .stopping ? .stopping(placement: placement) : .scheduled(placement: placement)
        }
    }
}
