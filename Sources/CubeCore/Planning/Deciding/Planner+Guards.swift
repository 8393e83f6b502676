import CubeTypes

extension Planner {
    /// Lets the guards judge all prunes. Names whose verdict changed are reported again.
    ///
    /// - Returns: the holds.
    mutating func judgePrunes(_ observed: ObservedState, _ now: Timestamp) -> [Hold] {
        let guards = PruneGuards(
            owner: owner, absence: desired.absence(at: now), isRootReplaced: desired.isRootReplaced,
            declared: desired.workloads.count, living: observed.liveNames, desired: desired,
            directives: inputs.directives, limits: observed.limits, window: observed.window)
        var prunes: [WorkloadName: [HeldChange]] = [:]
        for name in index.pruning {
            prunes[name] = index.entries[name]?.decision.steps.compactMap(\.change).map(inputs.shown)
        }
        let (judged, holds) = guards.judge(prunes)
        let former = verdicts.prunes
        work.unreported.formUnion(Set(judged.keys).union(former.keys).filter { judged[$0] != former[$0] })
        verdicts.prunes = judged
        return holds
    }

    /// Holds all stops while the data directory is not writable. If the hold changed, the stopping names are reported again.
    ///
    /// - Returns: the hold, if there is one.
    mutating func judgeStops() -> [Hold] {
        let hold = storageHold
        if hold != verdicts.storage { work.unreported.formUnion(index.stopping) }
        verdicts.storage = hold
        return [hold].compactMap(\.self)
    }

    /// The hold on all stops; `nil` if the data directory is writable, nothing would be stopped, or a person approved the stops.
    private var storageHold: Hold? {
        guard !isStorageWritable else { return nil }
        let changes = index.stopping.flatMap { name -> [HeldChange] in
            guard verdicts.prunes[name] ?? .released == .released else { return [] }
            let due = index.entries[name]?.decision.steps.filter { $0.state == .due } ?? []
            return due.compactMap(\.change).map(inputs.shown)
        }
        guard !changes.isEmpty, !inputs.directives.approve(changes, heldBy: WaitReason.guardStorage.rawValue) else {
            return nil
        }
        return Hold(.guardStorage, owner: owner, changes: changes.sorted())
    }
}
