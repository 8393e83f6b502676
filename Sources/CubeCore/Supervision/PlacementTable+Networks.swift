package import CubeTypes

/// The decisions about tasks that use the network of another task (`network.of`).
extension PlacementTable {
    /// What the start of a task needs to know of its network.
    package enum NetworkDecision: Hashable, Sendable {
        /// The task uses no other task's network.
        case own
        /// The task uses the network of this run, which is alive.
        case shared(RunIdentity)
        /// The task must wait, for the given reason.
        case wait(String)
    }

    /// Decides whose network a task uses: the network of the live container with the lowest ordinal of the workload that its
    /// definition names, of the same owner and cluster.
    package func network(of placement: SupervisedPlacement) -> NetworkDecision {
        let assignment = placement.assignment
        guard let name = assignment.definition.network.of else { return .own }
        let holders = records.compactMap { self.placement($0.id) }.filter { other in
            other.assignment.definition.name == name && other.assignment.owner == assignment.owner
                && other.assignment.cluster == assignment.cluster && other.endedAt == nil
        }
        let live = holders.filter { $0.assignment.definition.runtime == .docker && $0.desired == .run }
            .sorted { ($0.assignment.ordinal, $0.assignment.attempt) < ($1.assignment.ordinal, $1.assignment.attempt) }
            .compactMap(\.liveRun)
        if let run = live.first { return .shared(run) }
        if !holders.isEmpty, holders.allSatisfy({ $0.assignment.definition.runtime == .process }) {
            return .wait("\(name) is a process; only a container can share its network (network.of)")
        }
        return .wait(
            holders.isEmpty
                ? "waits for \(name), whose network it uses and which is not on this node; if \(name) runs on another "
                    + "node, restart the task, which places it there"
                : "waits until the container of \(name) runs, whose network it uses")
    }

    /// Records whose network the next run of a task uses, before the run is started.
    package func sharing(_ run: RunIdentity, by id: TaskID) -> [PlacementOrder] {
        guard var placement = placement(id), placement.networkHolder != run else { return [] }
        placement.share(networkOf: run)
        return [.record(.placement(placement), onFullDisk: .fail)]
    }

    /// Returns the orders for the tasks that use another task's network, after one of either kind has changed. Once a container
    /// has ended, its network is gone for good, so the tasks that use it must end and start again.
    package func networkLosses(after id: TaskID) -> [PlacementOrder] {
        ((networkUsers[id] ?? []).union([id])).sorted().flatMap { user -> [PlacementOrder] in
            guard var placement = placement(user), let run = placement.liveRun, let used = placement.networkHolder,
                let holder = self.placement(used.task), holder.isPast(used)
            else { return [] }
            let before = placement
            placement.networkLost(run: run.number)
            // On a full disk, a restarted worker decides the same again.
            return placement == before ? [] : [.record(.placement(placement), onFullDisk: .publish), .check(run)]
        }
    }
}

extension SupervisedPlacement {
    /// Whether a run of the task has ended. A run that is being started may be alive already: a restarted worker has yet to find it.
    fileprivate func isPast(_ used: RunIdentity) -> Bool {
        endedAt != nil || (assignment.placement, run) != (used.placement, used.number)
    }
}
