package import CubeTypes

/// The decisions about events of runs. An event of a placement that another one has replaced changes nothing.
extension PlacementTable {
    /// Handles the state of a run that the runtime has determined.
    ///
    /// A start is not written, because the runtime can determine it again. An end is written before it takes effect.
    ///
    /// - Parameters:
    ///   - output: the last lines of the run's output, if the run has ended.
    ///   - jitter: a random number of 0 ..< 1.
    package func observed(
        _ state: RunState, of run: RunIdentity, output: String?, now: DurableInstant, jitter: Double
    ) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        switch state {
        case .running(let since, let details):
            placement.launched(run: run.number, at: since)
            placement.detailed(run: run.number, details)
            let publishing = PlacementOrder.publish(.placement(placement))
            return placement.needsChecks(run: run.number) ? [publishing, .check(run)] : [publishing]
        case .ended(let end):
            placement.ended(run: run.number, end, output: output, now: now, jitter: jitter)
            return [.record(.placement(placement), onFullDisk: .fail)]
        }
    }

    /// Handles the recovery of a task from its crash loop: its present run has lasted long enough.
    package func recovered(_ run: RunIdentity, now: DurableInstant) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        placement.recovered(run: run.number, now: now)
        return [.publish(.placement(placement))]
    }

    /// Handles a delay of what is due for a task, for a reason outside of the task.
    package func delayed(_ id: TaskID, message: String) -> [PlacementOrder] {
        guard var placement = placement(id) else { return [] }
        placement.startDelayed(run: placement.run, message: message)
        return [.publish(.placement(placement))]
    }

    /// Handles what the runtime found out about a live run. It is not written, because the runtime can find it out again.
    package func detailed(_ run: RunIdentity, _ details: RunDetails) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        placement.detailed(run: run.number, details)
        return [.publish(.placement(placement))]
    }

    /// Handles the failure of a pull that a run can do without, because its node has the image.
    package func pullFailed(_ run: RunIdentity, message: String) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        placement.pullFailed(run: run.number, message: message)
        return [.publish(.placement(placement))]
    }

    /// Handles the end of the wait before the next run of a placement.
    ///
    /// - Parameters:
    ///   - placement: the placement that waited. If it has changed in the meantime, nothing happens, because something else may be
    ///     due.
    ///   - boot: the current boot of the machine.
    package func waitOver(_ placement: SupervisedPlacement, boot: String) -> [PlacementOrder] {
        guard self.placement(placement.assignment.id) == placement else { return [] }
        var next = placement
        next.waitOver(run: placement.run, boot: boot)
        return [.record(.placement(next), onFullDisk: .fail)]
    }

    /// Handles the finding of a health check. A change that is visible in reports is written, so that a restarted worker begins
    /// with it.
    package func checked(_ run: RunIdentity, _ kind: CheckKind, _ finding: CheckFinding) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        let before = placement.report(notEnforced: [])
        placement.checked(run: run.number, kind, finding)
        let after = placement.report(notEnforced: [])
        // Do not write for occasional failures that do not count.
        let isRemark = [before.reason, after.reason].contains(.checkFailing)
        if before.ready != after.ready || before.reason != after.reason && !isRemark {
            return [.record(.placement(placement), onFullDisk: .fail)]
        }
        return [.publish(.placement(placement))]
    }

    /// Whether the checks of a run must continue.
    package func needsChecks(_ run: RunIdentity) -> Bool {
        placement(of: run)?.needsChecks(run: run.number) ?? false
    }
}
