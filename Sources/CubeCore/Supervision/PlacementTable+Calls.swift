package import CubeTypes

/// The decisions about calls of a manager.
extension PlacementTable {
    /// Admits a caller, unless it belongs to another cluster or its term is lower than the highest accepted one.
    package func admit(cluster: ClusterID, term: Int) -> [PlacementOrder] {
        if let own = membership.cluster, own != cluster { return [.refuse(.foreignCluster(cluster, own: own))] }
        guard Counter.isPlausible(term) else { return [.refuse(.implausibleTerm(term))] }
        guard term >= membership.term else { return [.refuse(.staleTerm(term, accepted: membership.term))] }
        let accepted = WorkerMembership(cluster: cluster, term: term, submitted: membership.submitted)
        guard accepted != storedMembership else { return [] }
        // If only the term is new, continue on a full disk, so that a stop is not blocked. The next call writes the term again.
        return [.join(accepted, onFullDisk: membership.cluster == cluster ? .publish : .fail)]
    }

    /// Accepts a placement. A placement that the table already has changes nothing.
    ///
    /// - Parameters:
    ///   - started: the run that was started for the task, if the table has no record of the task.
    ///   - boot: the current boot of the machine.
    package func assign(_ assignment: TaskAssignment, started: StartedRun?, boot: String) -> [PlacementOrder] {
        let id = assignment.id
        var run = 1
        if let record = self[id] {
            if record.placement == assignment.placement {
                // 1. Is it the known placement, or another one with the same number?
                guard case .placement(let placement) = record, !placement.isSame(as: assignment) else { return [] }
                return [.refuse(.otherDefinition(id, record.placement))]
            }
            // 2. Is it newer than the known placement, and has the known placement ended?
            guard record.placement < assignment.placement else {
                return [.refuse(.olderPlacement(id, assignment.placement, known: record.placement))]
            }
            guard let endedAt = record.endedAt else { return [.refuse(.placementNotEnded(id, record.placement))] }
            // 3. Was it stopped while the known placement lived?
            if case .placement(let placement) = record, let stopped = placement.stoppedSuccessor,
                assignment.placement <= stopped
            {
                return assignment.placement == stopped
                    ? [.record(.tombstone(id, placement: stopped, at: endedAt), onFullDisk: .fail)]
                    : [.refuse(.olderPlacement(id, assignment.placement, known: stopped))]
            }
        } else if let started {
            // 4. Was it started before its record was lost? Then it continues with that run.
            if started.placement == assignment.placement {
                run = started.number
            } else {
                guard started.placement < assignment.placement else {
                    return [.refuse(.olderThanStarted(id, assignment.placement, started: started.placement))]
                }
                guard !started.isAlive else {
                    return [.endUnrecorded(id), .refuse(.unrecordedPlacement(id, started.placement))]
                }
            }
        }
        let placement = SupervisedPlacement(assignment, boot: boot, run: run)
        return [.record(.placement(placement), onFullDisk: .makeRoom), .attend(id)]
    }

    /// Asks a placement to end. If the placement is unknown, the table stores a tombstone, so that the placement never starts. If an
    /// earlier placement of the task is alive, it ends too, and its record remembers the stop.
    ///
    /// - Parameter started: the run that was started for the task, if the table has no record of the task.
    package func stop(_ id: TaskID, placement: Int, started: StartedRun?, now: DurableInstant) -> [PlacementOrder] {
        guard let record = self[id], record.endedAt == nil || record.placement >= placement else {
            if self[id] == nil, started?.isAlive == true { return [.endUnrecorded(id), .refuse(.unrecordedRun(id))] }
            return [.record(.tombstone(id, placement: placement, at: now), onFullDisk: .fail)]
        }
        // A stop of an older placement does not concern this one.
        guard placement >= record.placement, case .placement(var value) = record else { return [] }
        value.stopRequested(placement: placement, now: now)
        // Stop the task even on a full disk, because the task itself may be filling it.
        let recording = PlacementOrder.record(.placement(value), onFullDisk: .publish)
        guard case .stop(let run, let boot) = value.due else { return [recording] }
        return [recording, .stop(value.identity(ofRun: run, boot: boot), value.assignment.definition.stop)]
    }

    /// Applies the fields of a task that change in place.
    package func updateSettings(_ id: TaskID, _ settings: TaskSettings) -> [PlacementOrder] {
        guard let record = self[id] else { return [.refuse(.unknownTask(id))] }
        guard case .placement(var value) = record, record.placement == settings.placement else {
            return [.refuse(.otherPlacement(id, settings.placement, known: record.placement))]
        }
        let stop = value.assignment.definition.stop
        value.settingsChanged(settings)
        var orders: [PlacementOrder] = [.record(.placement(value), onFullDisk: .fail)]
        if let run = value.liveRun {
            let changed = value.assignment.definition.stop
            if changed != stop { orders.append(.changeStop(run, changed)) }
            if value.needsChecks(run: run.number) { orders.append(.check(run)) }
        }
        return orders
    }

    /// The membership of a standalone worker after it has accepted one more task that was submitted as a definition.
    package func countingSubmission(in cluster: ClusterID, term: Int) -> WorkerMembership {
        WorkerMembership(cluster: cluster, term: term, submitted: (membership.submitted ?? 0) + 1)
    }
}
