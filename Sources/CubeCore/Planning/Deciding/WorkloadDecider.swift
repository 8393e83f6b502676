import CubeTypes

/// Decides what is to become of one readable workload.
///
/// Stop first, and one at a time, unless the update policy says otherwise: a slot gets its new task when the old one is
/// seen dead, and the next one that works is taken only when all others do. With room for a surge the new task is started
/// beside the old one, which goes when the new one is available. What does not work is replaced without waiting, so that
/// a fix is never blocked.
struct WorkloadDecider {
    let identity: Identity
    let workload: Workload
    /// The definition that all tasks are to have.
    let target: RolloutTarget
    /// The dependencies that are not healthy (of jobs: not completed), sorted. Until they are, nothing is started or replaced.
    let awaited: [WorkloadName]
    let observed: ObservedWorkload
    let rules: SlotRules
    /// The word of a person that freezes it, while it counts.
    let freeze: Directive?

    let live: [TaskStatus]
    let slots: [Slot]
    /// What lives beyond the replicas.
    let beyond: [TaskStatus]
    /// Why the rollout does not go on, where it failed.
    let failure: RolloutFailure?

    /// Whose tasks these are.
    struct Identity: Hashable, Sendable {
        var cluster: ClusterID
        var owner: OwnerName
    }

    /// - Parameter target: What all tasks are to be; `nil`: what the manifest declares.
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

    /// How many tasks may live beyond the replicas.
    var surge: Int { workload.definition.kind == .job ? 0 : workload.steering.update.maxSurge }

    /// How many slots may be without a task that works; where nothing may surge, at least one, or nothing could be done.
    var maxUnavailable: Int { max(workload.steering.update.maxUnavailable, surge == 0 ? 1 : 0) }

    func decide() -> Decision {
        if freeze == nil, !workload.steering.suspend, let healthy = reversion { return revert(to: healthy) }
        var steps = scheduling() + updating() + takingAway()
        var differences = self.differences
        let frozen = freeze != nil || workload.steering.suspend
        if frozen {
            // A freeze is what is wanted: that tasks are missing, or too many, is no drift.
            differences.removeAll { $0.field == "replicas" }
            steps = differences.isEmpty ? [] : steps.map(\.suspended)
        }
        let (rule, reason) = headline(steps, frozen: frozen)
        return Decision(
            rule: rule, reason: reason, steps: steps,
            health: frozen ? WorkloadHealth(.suspended, "suspended", freezeText) : health,
            standstill: frozen ? nil : standstill, differences: differences,
            replicas: .init(desired: workload.steering.replicas, live: live.count, ready: live.count { $0.ready }),
            servesWhileFrozen: frozen ? slots.allSatisfy(frees) : nil, wakeAt: wakeAt)
    }

    /// Whether a slot lets dependents go on: a service that works, a job that completed.
    private func frees(_ slot: Slot) -> Bool {
        workload.definition.kind == .job ? slot.phase == .done : slot.isAvailable
    }

    /// Why it does not go on by itself.
    private var standstill: Standstill? {
        failureStandstill ?? portStandstill ?? rules.starts.overdueStop(among: live, at: rules.now, rules.wording)
    }

    /// When the next of what works will have been ready for long enough.
    var nextHealthy: Timestamp? { live.compactMap(rules.countsFrom).min() }

    /// When it may decide otherwise though nothing changed.
    var wakeAt: Timestamp? {
        [
            nextHealthy, rules.nextDeadline(among: slots),
            rules.starts.nextStopDeadline(among: live, after: rules.now),
        ]
        .compactMap { $0 }.min()
    }
}
