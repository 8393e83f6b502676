import CubeTypes

/// Decides about one workload with a readable manifest.
///
/// Unless the update policy says otherwise, tasks are replaced stop-first and one at a time: a slot gets its new task when the
/// old one is observed to have ended, and the next working task is stopped only when all others work. If the policy permits a
/// surge, the new task is started beside the old one, which is stopped when the new one is available. Tasks that do not work are
/// replaced without waiting, so that a fix is never blocked.
struct WorkloadDecider {
    let identity: Identity
    let workload: Workload
    /// The definition that all tasks should have.
    let target: RolloutTarget
    /// The dependencies that are not healthy yet (for jobs: not completed), sorted. Until they are, no task is started or
    /// replaced.
    let awaited: [WorkloadName]
    let observed: ObservedWorkload
    let rules: SlotRules
    /// The directive that freezes the workload; `nil` if there is none.
    let freeze: Directive?

    let live: [TaskStatus]
    let slots: [Slot]
    /// The live tasks whose ordinals exceed the declared number of replicas.
    let beyond: [TaskStatus]
    /// The reason why the rollout failed; `nil` if it did not fail.
    let failure: RolloutFailure?

    /// The cluster and the owner of the tasks.
    struct Identity: Hashable, Sendable {
        var cluster: ClusterID
        var owner: OwnerName
    }

    /// - Parameter target: the definition that all tasks should have; `nil` for the one that the manifest declares.
    init(
        _ workload: Workload, target: RolloutTarget? = nil, observed: ObservedWorkload, directives: NameDirectives,
        starts: StartTimes, identity: Identity, awaited: [WorkloadName] = [],
        wording: @escaping HintWording, now: Timestamp
    ) {
        self.workload = workload
        let target = target ?? RolloutTarget(workload)
        self.target = target
        self.observed = observed
        self.identity = identity
        self.awaited = awaited
        freeze = directives.suspend
        let rules = SlotRules(
            workload: workload, target: target, slots: observed.slots, ended: observed.ended, directives: directives,
            starts: starts, wording: wording, now: now)
        self.rules = rules
        live = observed.live
        let tasks = Dictionary(grouping: live, by: \.ordinal)
        slots = (0..<workload.steering.replicas).map { rules.slot($0, holding: tasks[$0] ?? []) }
        beyond = live.filter { $0.ordinal >= workload.steering.replicas }
        failure = rules.failure(among: slots)
    }

    /// The number of live tasks that are permitted in addition to the replicas.
    var surge: Int {
        workload.definition.kind == .job || workload.definition.exclusive ? 0 : workload.steering.update.maxSurge
    }

    /// The number of slots that may be unavailable. Without a surge it is at least one, as otherwise no task could be replaced.
    /// replaced.
    var maxUnavailable: Int { max(workload.steering.update.maxUnavailable, surge == 0 ? 1 : 0) }

    func decide() -> Decision {
        if freeze == nil, !workload.steering.suspend, let healthy = reversion { return revert(to: healthy) }
        var steps = scheduling() + updating() + takingAway()
        var differences = self.differences
        let frozen = freeze != nil || workload.steering.suspend
        if frozen {
            // A frozen workload may have missing or surplus tasks; they do not count as drift.
            differences.removeAll { $0.field == "replicas" }
            steps = differences.isEmpty ? [] : steps.map(\.suspended)
        }
        let (rule, reason) = headline(steps, frozen: frozen)
        return Decision(
            rule: rule, reason: reason, steps: steps,
            health: frozen ? WorkloadHealth(.suspended, "suspended", freezeText) : health,
            standstill: frozen ? nil : standstill, differences: differences,
            replicas: .init(
                desired: workload.steering.replicas, live: live.count, ready: live.count { $0.ready },
                completed: workload.definition.kind == .job ? slots.count { $0.phase == .done } : nil),
            servesWhileFrozen: frozen ? slots.allSatisfy(frees) : nil, wakeAt: wakeAt)
    }

    /// Returns whether a slot permits its dependents to proceed: a service must serve, and a job must have completed.
    private func frees(_ slot: Slot) -> Bool {
        workload.definition.kind == .job ? slot.phase == .done : slot.isAvailable
    }

    /// Why the workload makes no progress without intervention; `nil` if it does.
    private var standstill: Standstill? {
        failureStandstill ?? portStandstill ?? rules.starts.overdueStop(among: live, at: rules.now, rules.wording)
    }

    /// The next time at which a serving task will have been ready for the required time.
    var nextHealthy: Timestamp? { live.compactMap(rules.countsFrom).min() }

    /// The next time at which the decision may change although no input changes.
    var wakeAt: Timestamp? {
        [
            nextHealthy, rules.nextDeadline(among: slots),
            rules.starts.nextStopDeadline(among: live, after: rules.now),
        ]
        .compactMap { $0 }.min()
    }
}
