package import CubeTypes

extension WorkloadStatus {
    /// The status of a workload that no reconciler looks at.
    ///
    /// - Parameter living: The tasks that run; `nil` where that is not known here.
    package func unattended(_ living: Set<TaskID>?) -> WorkloadStatus {
        var status = self
        status.sync = .unknown
        // A job that completed stays so.
        guard tasks.isEmpty || !tasks.allSatisfy({ $0.state == .completed }) else { return status }
        guard let living else {
            status.health = .unknown
            return status
        }
        for index in status.tasks.indices
        where !status.tasks[index].state.hasEnded && !living.contains(status.tasks[index].id) {
            (status.tasks[index].state, status.tasks[index].ready) = (.stopped, false)
        }
        let live = status.tasks.filter { !$0.state.hasEnded }
        status.replicas.live = live.count
        status.replicas.ready = live.count(where: \.ready)
        status.endpoints = live.filter(\.ready).flatMap(\.endpoints)
        if status.replicas.desired > 0, live.isEmpty { status.health = .missing }
        // What went on, and what was waited for, is over.
        status.conditions.removeAll { [.ready, .reconciling].contains($0.type) }
        return status
    }
}

extension SummaryStatus {
    /// Takes over how the workloads are that no reconciler looks at. Whether they are in sync is not known.
    package mutating func leaveUnattended(_ reports: [WorkloadReport]) {
        var tally = Tally()
        for report in reports { tally.add(report) }
        (counts, health, sync) = (tally.counts, tally.worst, .unknown)
    }
}
