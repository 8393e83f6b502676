package import CubeTypes

/// The calls of a manager.
extension PlacementTable {
    /// Decides whether a caller may call: a caller of another cluster, or with a lower term than the highest that was accepted, may not.
    package func admit(cluster: ClusterID, term: Int) -> [PlacementOrder] {
        if let own = membership.cluster, own != cluster { return [.refuse(.foreignCluster(cluster, own: own))] }
        guard Counter.isPlausible(term) else { return [.refuse(.implausibleTerm(term))] }
        guard term >= membership.term else { return [.refuse(.staleTerm(term, accepted: membership.term))] }
        let accepted = WorkerMembership(cluster: cluster, term: term, submitted: membership.submitted)
        guard accepted != storedMembership else { return [] }
        // A stop must get through on a full disk, if only the term is new. The next call writes it again.
        return [.join(accepted, onFullDisk: membership.cluster == cluster ? .publish : .fail)]
    }

    /// Takes a placement over. A placement that is known already changes nothing.
    ///
    /// - Parameters:
    ///   - started: the run that was started for the task, if the table has no record of it.
    ///   - boot: the present boot of the machine.
    package func assign(_ assignment: TaskAssignment, started: StartedRun?, boot: String) -> [PlacementOrder] {
        let id = assignment.id
        var run = 1
        if let record = self[id] {
            if record.placement == assignment.placement {
                // 1. Is it the placement that is known, or another one under its number?
                guard case .placement(let placement) = record, !placement.isSame(as: assignment) else { return [] }
                return [.refuse(.otherDefinition(id, record.placement))]
            }
            // 2. Is it newer than the known one, and has that one ended?
            guard record.placement < assignment.placement else {
                return [.refuse(.olderPlacement(id, assignment.placement, known: record.placement))]
            }
            guard record.endedAt != nil else { return [.refuse(.placementNotEnded(id, record.placement))] }
        } else if let started {
            // 3. Was it started before its record was lost? Then it goes on with that run.
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

    /// Asks a placement to end. If the placement is unknown, it leaves a tombstone, so that the placement never starts.
    ///
    /// - Parameter started: the run that was started for the task, if the table has no record of it.
    package func stop(_ id: TaskID, placement: Int, started: StartedRun?, now: DurableInstant) -> [PlacementOrder] {
        guard let record = self[id], record.endedAt == nil || record.placement >= placement else {
            if self[id] == nil, started?.isAlive == true { return [.endUnrecorded(id), .refuse(.unrecordedRun(id))] }
            return [.record(.tombstone(id, placement: placement, at: now), onFullDisk: .fail)]
        }
        // A stop of an older placement is not about this one.
        guard placement >= record.placement, case .placement(var value) = record else { return [] }
        value.stopRequested(now: now)
        // The task itself may be what fills the disk.
        let recording = PlacementOrder.record(.placement(value), onFullDisk: .publish)
        guard case .stop(let run, let boot) = value.due else { return [recording] }
        return [recording, .stop(value.identity(ofRun: run, boot: boot), value.assignment.definition.stop)]
    }

    /// Takes over the fields of a task that change in place.
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

    /// The membership of a worker that stands alone, after it has taken one more task by its definition alone.
    package func countingSubmission(in cluster: ClusterID, term: Int) -> WorkerMembership {
        WorkerMembership(cluster: cluster, term: term, submitted: (membership.submitted ?? 0) + 1)
    }
}
