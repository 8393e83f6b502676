import CubeTypes

/// Decides what is to become of one readable workload.
///
/// Stop first, and one at a time: a slot gets its new task when the old one is seen dead, and the next one that works is
/// taken only when all others do. What does not work is replaced without waiting, so that a fix is never blocked.
struct WorkloadDecider {
    let identity: Identity
    let workload: Workload
    let observed: ObservedWorkload
    let rules: SlotRules
    /// The word of a person that freezes it, while it counts.
    let freeze: Directive?

    let live: [TaskStatus]
    let phases: [SlotPhase]
    /// What lives beyond the replicas, or twice in a slot.
    let surplus: [TaskStatus]

    /// Whose tasks these are.
    struct Identity: Hashable, Sendable {
        var cluster: ClusterID
        var owner: OwnerName
    }

    init(
        _ workload: Workload, observed: ObservedWorkload, directives: NameDirectives, since: Int,
        starts: StartTimes, identity: Identity,
        now: Timestamp
    ) {
        self.workload = workload
        self.observed = observed
        self.identity = identity
        freeze = directives.freeze(at: now)
        rules = SlotRules(
            workload: workload, slots: observed.slots, ended: observed.ended, directives: directives, since: since,
            starts: starts, now: now)
        live = observed.live
        var keepers: [Int: TaskStatus] = [:]
        for task in live where task.ordinal < workload.replicas {
            // Two in one slot: the one that stays is not stopping, and the latest.
            let isBetter = keepers[task.ordinal].map { $0.isStopping || !task.isStopping } ?? true
            if isBetter { keepers[task.ordinal] = task }
        }
        surplus = live.filter { keepers[$0.ordinal]?.id != $0.id }
        phases = (0..<workload.replicas).map { [rules] in rules.phase(of: $0, task: keepers[$0]) }
    }

    func decide() -> Decision {
        var steps = scheduling() + updating() + replacing() + scalingDown()
        var differences = self.differences
        let frozen = freeze != nil || workload.suspend
        if frozen {
            // A freeze is what is wanted: that tasks are missing, or too many, is no drift.
            differences.removeAll { $0.field == "replicas" }
            steps = differences.isEmpty ? [] : steps.map(\.suspended)
        }
        let (rule, reason) = headline(steps, frozen: frozen)
        return Decision(
            rule: rule, reason: reason, steps: steps,
            health: frozen ? Health(.suspended, "suspended", freezeText) : health, differences: differences,
            replicas: .init(desired: workload.replicas, live: live.count, ready: live.count { $0.ready }),
            wakeAt: wakeAt)
    }

    // MARK: Steps

    /// Never more live tasks than replicas: what stops still counts, whether it is replaced or surplus.
    private func scheduling() -> [Step] {
        var free = workload.replicas - live.count
        return phases.enumerated().compactMap { ordinal, phase in
            switch phase {
            case .vacant(let rule):
                free -= 1
                return free >= 0
                    ? Step(schedule(ordinal, rule), .due)
                    : Step(schedule(ordinal, rule), .waiting, waitsFor: .surplusStopping)
            case .stopping(let task):
                let rule: Rule = task.specDigest == workload.specDigest ? .notRunning : .specChanged
                return Step(schedule(ordinal, rule), .waiting, waitsFor: .slotStopping)
            case .outdated(_, let rule): return Step(schedule(ordinal, rule), .waiting, waitsFor: .slotStopping)
            case .available, .settling, .done, .failed: return nil
            }
        }
    }

    private func schedule(_ ordinal: Int, _ rule: Rule) -> PlannedAction {
        let attempt = observed.slots[ordinal]?.next ?? 0
        let id = TaskID.derive(
            cluster: identity.cluster, owner: identity.owner, name: workload.name, ordinal: ordinal, attempt: attempt,
            digest: workload.specDigest)
        let proposal = TaskProposal(
            id: id, name: workload.name, ordinal: ordinal, attempt: attempt, specDigest: workload.specDigest,
            settingsDigest: workload.settingsDigest, source: workload.file, definition: workload.definition)
        return PlannedAction(
            name: workload.name, ordinal: ordinal, rule: rule, reason: rule.scheduleText,
            operation: .schedule(proposal, maxLive: workload.replicas))
    }

    private func updating() -> [Step] {
        phases.enumerated().compactMap { ordinal, phase in
            guard let task = phase.current,
                task.settingsDigest != workload.settingsDigest || task.source != workload.file
            else { return nil }
            let rule: Rule = task.settingsDigest != workload.settingsDigest ? .settingsChanged : .fileMoved
            let update = SettingsUpdate(
                id: task.id, from: task.settingsDigest, to: workload.settingsDigest, source: workload.file,
                definition: workload.definition)
            let action = PlannedAction(
                name: workload.name, ordinal: ordinal, rule: rule, reason: rule.updateText, operation: .update(update))
            return Step(action, .due)
        }
    }

    private func replacing() -> [Step] {
        var budget = workload.update.maxUnavailable - phases.count { !$0.isAvailable }
        let waitsFor: WaitReason = nextHealthy == nil ? .maxUnavailable : .minHealthy
        return phases.compactMap { phase in
            switch phase {
            case .stopping(let task):
                return Step(stop(task, .specChanged, "its slot is to be used again"), .inFlight)
            case .outdated(let task, let rule):
                let change = HeldChange(
                    verb: HeldChange.replace, name: workload.name, ordinal: task.ordinal, from: task.specDigest,
                    to: workload.specDigest)
                let action = stop(task, rule, rule.replaceText)
                // Its node is silent: nobody knows whether it works, so that it is neither broken nor to spare.
                let isBroken = !task.ready && !task.nodeUnknown
                if !isBroken { budget -= task.nodeUnknown ? 0 : 1 }
                let isFree = isBroken || budget >= 0 && !task.nodeUnknown
                return isFree
                    ? Step(action, .due, change: change)
                    : Step(action, .waiting, waitsFor: task.nodeUnknown ? .nodeUnknown : waitsFor, change: change)
            case .available, .settling, .vacant, .done, .failed: return nil
            }
        }
    }

    /// Highest ordinals first, and no more at once than the update policy allows; what does not work is stopped at once.
    private func scalingDown() -> [Step] {
        var budget = max(1, workload.update.maxUnavailable) - surplus.count { $0.isStopping }
        return surplus.reversed().map { task in
            let isDouble = task.ordinal < workload.replicas
            let action = stop(task, isDouble ? .duplicateTask : .scaleDown, scaleText(isDouble: isDouble))
            if task.isStopping { return Step(action, .inFlight) }
            let change = HeldChange(
                verb: HeldChange.scaleDown, name: workload.name, ordinal: task.ordinal, from: task.specDigest, to: nil)
            guard task.ready, !isDouble else { return Step(action, .due, change: change) }
            budget -= 1
            return budget >= 0
                ? Step(action, .due, change: change)
                : Step(action, .waiting, waitsFor: .maxUnavailable, change: change)
        }
    }

    private func scaleText(isDouble: Bool) -> String {
        isDouble ? "its slot has another live task" : "\(workload.replicas) replicas are declared"
    }

    private func stop(_ task: TaskStatus, _ rule: Rule, _ reason: String) -> PlannedAction {
        let request = StopRequest(id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt)
        return PlannedAction(
            name: task.name, ordinal: task.ordinal, rule: rule, reason: reason, operation: .stop(request))
    }

    /// When the next of what settles will have been ready for long enough.
    private var nextHealthy: Timestamp? {
        phases.compactMap { phase in
            if case .settling(_, let until?) = phase { until } else { nil }
        }
        .min()
    }

    private var wakeAt: Timestamp? { [nextHealthy, freeze?.expiresAt].compactMap { $0 }.min() }
}
