import CubeJSON
import CubeTypes

/// Decides about a name that has no readable manifest.
struct LeftoverDecider {
    let name: WorkloadName
    let observed: ObservedWorkload
    let directives: NameDirectives
    /// The names that depend on this name and still have live tasks, sorted.
    var dependents: [WorkloadName] = []
    let starts: StartTimes
    let wording: HintWording
    let now: Timestamp

    /// Keeps all tasks unchanged, because the declaration is not known.
    ///
    /// - Parameter reason: the reason in words for people.
    func keep(_ kept: KeptReason, _ reason: String) -> Decision {
        // The declared number of replicas is not known. It is assumed to be the number of live tasks plus the number of empty
        // slots whose last task completed or failed.
        let taken = Set(live.map(\.ordinal))
        let ended = observed.ended.values.filter {
            [.completed, .failed].contains($0.state) && !taken.contains($0.ordinal)
        }
        var replicas = self.replicas(desired: live.count + ended.count)
        if (live + ended).contains(where: { $0.definition.kind == .job }) {
            replicas.completed = ended.count { $0.state == .completed }
        }
        return Decision(rule: kept.rule, reason: reason, health: health, replicas: replicas)
    }

    /// Prunes the live tasks, if the guards permit it, because no manifest declares the name.
    func prune() -> Decision {
        let steps = live.map { task in
            let action = PlannedAction(
                name: name, ordinal: task.ordinal, rule: .prune, reason: "no manifest declares the workload",
                operation: .stop(
                    StopRequest(
                        id: task.id, name: name, ordinal: task.ordinal, attempt: task.attempt, prune: true)))
            guard !task.isStopping else { return Step(action, .inFlight) }
            let change = HeldChange(
                verb: HeldChange.prune, name: name, ordinal: task.ordinal, from: task.specDigest, to: nil)
            return Step(action, .due, change: change)
        }
        let freeze = directives.suspend
        // Says what follows the suspension: `resume` usually starts tasks.
        let frozen = freeze.map {
            "\($0.freezeText); no manifest declares the workload, so its tasks are stopped when the suspension ends, unless a "
                + "guard holds that; \(wording(.resume(name))) ends the suspension"
        }
        return Decision(
            rule: freeze == nil ? .prune : .suspended, reason: frozen ?? "no manifest declares the workload",
            steps: freeze == nil ? steps : steps.map(\.suspended),
            health: frozen.map { WorkloadHealth(.suspended, "suspended", $0) } ?? health,
            standstill: starts.overdueStop(among: live, at: now, wording), replicas: replicas(desired: 0),
            dependents: freeze == nil ? dependents : [],
            wakeAt: starts.nextStopDeadline(among: live, after: now))
    }

    private var live: [TaskStatus] { observed.live }

    private func replicas(desired: Int) -> WorkloadStatus.Replicas {
        .init(desired: desired, live: live.count, ready: live.count { $0.ready })
    }

    private var health: WorkloadHealth {
        if live.contains(where: \.nodeUnknown) { return WorkloadHealth(.unknown, "node_unknown", "its node is silent") }
        if live.isEmpty { return healthOfEnded }
        if live.allSatisfy({ $0.ready && !$0.isStopping }) {
            return live.contains { $0.definition.kind == .job }
                ? .uncompleted(completed.count, of: completed.union(live.map(\.ordinal)).count)
                : WorkloadHealth(.healthy, "running", "its tasks are running")
        }
        let unready = live.count { !$0.ready }
        return WorkloadHealth(
            .progressing, "not_ready",
            live.count == 1
                ? "its task is not ready"
                : "\(unready) of its \(live.count) tasks \(unready == 1 ? "is" : "are") not ready")
    }

    /// The ordinals whose last task completed. Slots that were scaled down are not included.
    private var completed: Set<Int> { Set(observed.ended.values.filter { $0.state == .completed }.map(\.ordinal)) }

    /// The health of a name without live tasks. A completed job is healthy, and a failed task makes the name degraded, not merely
    /// missing.
    private var healthOfEnded: WorkloadHealth {
        let ended = observed.ended.values.sorted { $0.ordinal < $1.ordinal }
        if let failed = ended.first(where: { $0.state == .failed }) {
            return WorkloadHealth(
                .degraded, failed.reason?.rawValue ?? "failed", "\(failed.slotText) failed\(failed.endText)")
        }
        let last = ended.filter { $0.state == .completed }
        return last.isEmpty || last.contains { $0.definition.kind != .job }
            ? WorkloadHealth(.missing, "not_running", "no task is running")
            : WorkloadHealth(.healthy, "completed", "the job completed")
    }
}
