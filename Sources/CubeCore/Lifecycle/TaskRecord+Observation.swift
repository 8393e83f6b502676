package import CubeErrors
package import CubeTypes

extension TaskRecord {
    /// Takes in what its worker reports of its present placement.
    ///
    /// - Returns: Whether anything is new; a report that is older than the last one, or of a state that this version does
    ///   not know, is not.
    /// - Throws: `illegal_transition`, where the report contradicts what is known.
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

    /// Takes in what its worker answered to a call: it says what the worker knows already, of which no list may tell again.
    ///
    /// An answer may come later than a list that was made after it, so one that says no more than the last report is none.
    ///
    /// - Returns: Whether anything is new.
    /// - Throws: `illegal_transition`, where the answer contradicts what is known.
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

    /// Takes in that its worker has a placement of it that nobody here made: this state was restored from one that is older.
    package mutating func observeLostPlacement(_ number: Int) {
        guard var placement = phase.placement, number > placement.number, Counter.isPlausible(number) else { return }
        placements = max(placements, number)
        placement.number = number
        placement.report = nil
        phase = phase.with(placement)
    }

    /// Takes in that its worker knows nothing of its present placement: it is to be given again, or, if it is stopping, to
    /// be stopped again.
    ///
    /// - Returns: Whether the worker knew of it before.
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
    /// The phase that a report of the present placement leads to.
    fileprivate func after(_ report: WorkerTask, placement: Placement, now: Timestamp) -> TaskPhase {
        func ended(_ outcome: TaskEnd.Outcome) -> TaskPhase {
            .ended(
                end: TaskEnd(
                    outcome: outcome, reason: report.reason, message: report.message, at: report.endedAt ?? now,
                    placement: placement))
        }
        return switch report.state {
        case .completed: ended(.completed)
        case .failed: ended(.failed)
        case .stopped: ended(.stopped)
        // A worker that was asked to stop by an earlier manager, or whose stop is not seen yet.
        case .stopping: .stopping(placement: placement)
        case .running: state == .stopping ? .stopping(placement: placement) : .running(placement: placement)
        default: state == .stopping ? .stopping(placement: placement) : .scheduled(placement: placement)
        }
    }
}
