import CubeJSON
import CubeTypes

/// What the manager is told beside the actions of a plan, so that the next reconciler knows it without a memory of its own.
extension Planner {
    /// How long after notes were told they are told again, should they have had no effect.
    static let notesPause: Duration = .seconds(5)

    /// All notes that the manager lacks, in a defined order.
    mutating func notes(_ observed: ObservedState, _ now: Timestamp) -> SourceNotes {
        let notes = SourceNotes(
            declared: declarations.sorted { $0.key < $1.key }.flatMap(\.value),
            withdrawn: withdrawals(observed, now), root: desired.newRoot)
        if let told = toldNotes, told.notes != notes || told.retryAt <= now { toldNotes = nil }
        return notes
    }

    /// The declarations of a name's tasks that the manager does not have as its manifest says. Only a name with a readable
    /// definition declares anything; it does so whether it is frozen or being replaced.
    func missingDeclarations(
        of name: WorkloadName, _ live: [TaskStatus], _ observed: ObservedState
    ) -> [Declaration]? {
        guard case .readable(let workload)? = desired.workloads[name] else { return nil }
        let claimed = observed.owner?.claimedRevision ?? 0
        let isPruned = observed.window.hasReleased(name)
        let missing = live.filter { task in
            !task.isStopping
                && (isPruned || task.declaredRevision ?? 0 <= claimed || task.prune != workload.steering.prune
                    || task.dependencies != workload.dependencies || !workload.isFile(task.source))
        }
        guard !missing.isEmpty else { return nil }
        return missing.map {
            Declaration(
                id: $0.id, source: workload.file.text, prune: workload.steering.prune,
                dependencies: workload.dependencies)
        }
    }

    /// The slots of names that are proved to be gone and of which nothing lives: a name that returns is a new one.
    private func withdrawals(_ observed: ObservedState, _ now: Timestamp) -> [WithdrawnSlot] {
        guard !absent.isEmpty, desired.absence(at: now) == .proved, !desired.isRootReplaced else { return [] }
        return absent.sorted().filter { entries[$0] == nil }.flatMap { name in
            observed.workloads[name]?.withdrawals(of: name) ?? []
        }
    }
}
