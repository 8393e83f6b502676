package import CubeTypes

extension WorkloadStatus {
    /// Returns the status of a workload while no reconciler sees the cluster.
    ///
    /// - Parameter living: The live tasks; `nil` if they are unknown.
    package func unattended(_ living: Set<TaskID>?) -> WorkloadStatus {
        var status = self
        status.sync = .unknown
        // A completed job stays completed.
        guard !isCompletedJob, tasks.isEmpty || !tasks.allSatisfy({ $0.state == .completed }) else { return status }
        guard let living else {
            status.health = .unknown
            // Whether the workload is still ready is unknown, too.
            status.conditions.removeAll { $0.type == .ready && $0.status }
            return status
        }
        for index in status.tasks.indices
        where !status.tasks[index].state.hasEnded && !living.contains(status.tasks[index].id) {
            (status.tasks[index].state, status.tasks[index].ready) = (.stopped, false)
        }
        let live = status.tasks.filter { !$0.state.hasEnded }
        status.replicas.live = live.count
        status.replicas.ready = live.count(where: \.ready)
        let served = Set(live.filter(\.ready).flatMap(\.endpoints))
        status.endpoints.removeAll { !served.contains($0) }
        if status.replicas.desired > 0, live.isEmpty { status.health = .missing }
        // Without a reconciler, there is no progress and nothing is waited for.
        status.conditions.removeAll { [.ready, .reconciling].contains($0.type) }
        return status
    }
}

extension SummaryStatus {
    /// Replaces the totals by those of the unattended workloads. Whether the workloads are in sync is unknown. During an outage, the
    /// health is unknown even if all workloads are completed jobs, because the cluster may run other tasks.
    package mutating func leaveUnattended(_ reports: [WorkloadReport]) {
        var tally = Tally()
        for report in reports { tally.add(report) }
        (counts, sync) = (tally.counts, .unknown)
        health = outage != nil && tally.worst == .healthy ? .unknown : tally.worst
    }
}
