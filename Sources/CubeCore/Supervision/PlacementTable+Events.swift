package import CubeTypes

/// What happens to the runs of placements. An event of a placement that another one has replaced changes nothing.
extension PlacementTable {
    /// The runtime found out the state of a run.
    ///
    /// A start need not be written down, as the runtime finds it again; an end must be, before it counts.
    ///
    /// - Parameters:
    ///   - output: the last lines that the run wrote, if it has ended.
    ///   - jitter: a random number of 0 ..< 1.
    package func observed(
        _ state: RunState, of run: RunIdentity, output: String?, now: DurableInstant, jitter: Double
    ) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        switch state {
        case .running(let since):
            placement.launched(run: run.number, at: since)
            let publishing = PlacementOrder.publish(.placement(placement))
            return placement.needsChecks(run: run.number) ? [publishing, .check(run)] : [publishing]
        case .ended(let end):
            placement.ended(run: run.number, end, output: output, now: now, jitter: jitter)
            return [.record(.placement(placement), onFullDisk: .fail)]
        }
    }

    /// A run of a task that ended again and again has lasted.
    package func recovered(_ run: RunIdentity, now: DurableInstant) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        placement.recovered(run: run.number, now: now)
        return [.publish(.placement(placement))]
    }

    /// What is due for a task could not be done, for a reason that is not the task's.
    package func delayed(_ id: TaskID, message: String) -> [PlacementOrder] {
        guard var placement = placement(id) else { return [] }
        placement.startDelayed(run: placement.run, message: message)
        return [.publish(.placement(placement))]
    }

    /// The wait before the next run of a placement is over.
    ///
    /// - Parameters:
    ///   - placement: the placement that waited. If it has changed meanwhile, something else may be due, and nothing happens.
    ///   - boot: the present boot of the machine.
    package func waitOver(_ placement: SupervisedPlacement, boot: String) -> [PlacementOrder] {
        guard self.placement(placement.assignment.id) == placement else { return [] }
        var next = placement
        next.waitOver(run: placement.run, boot: boot)
        return [.record(.placement(next), onFullDisk: .fail)]
    }

    /// A health check of a run has a finding. A change that others see is written, so that the next worker begins with it.
    package func checked(_ run: RunIdentity, _ kind: CheckKind, _ finding: CheckFinding) -> [PlacementOrder] {
        guard var placement = placement(of: run) else { return [] }
        let before = placement.report(notEnforced: [])
        placement.checked(run: run.number, kind, finding)
        let after = placement.report(notEnforced: [])
        // A check that fails now and then, and does not count, is not worth a write each time.
        let isRemark = [before.reason, after.reason].contains(.checkFailing)
        if before.ready != after.ready || before.reason != after.reason && !isRemark {
            return [.record(.placement(placement), onFullDisk: .fail)]
        }
        return [.publish(.placement(placement))]
    }

    /// Whether the checks of a run are to go on.
    package func needsChecks(_ run: RunIdentity) -> Bool {
        placement(of: run)?.needsChecks(run: run.number) ?? false
    }
}
